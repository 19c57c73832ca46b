//! Inserting dead letters.

use super::set_aside::set_aside_replaced;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bytea, Int4, Int8, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// A record that could not be applied, or a range of offsets that could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDeadLetter {
    /// Kafka topic.
    pub topic: String,
    /// Kafka partition.
    pub partition: i32,
    /// Offset of the record, or of the first of a range.
    pub first_offset: i64,
    /// Offset of the record, or of the last of a range.
    pub last_offset: i64,
    /// When the record was appended, usually its Kafka timestamp; `None` if unknown.
    pub appended_at: Option<DateTime<Utc>>,
    /// The reason as a stable word.
    pub reason: &'static str,
    /// The reason as a sentence.
    pub detail: String,
    /// The device of the event; `None` if unknown.
    pub charge_point_id: Option<String>,
    /// The id of the event; `None` if unknown.
    pub event_id: Option<String>,
    /// Key of the record; `None` if it has none.
    pub key: Option<Vec<u8>>,
    /// Value of the record; `None` if it has none.
    pub value: Option<Vec<u8>>,
    /// Headers of the record, values in Base64.
    pub headers: serde_json::Value,
}

/// Inserts dead letters. A dead letter that exists already, by its position and content, is kept
/// unchanged. One with different content belongs to a replaced log: it is set aside for the new
/// one, see [`set_aside_replaced`].
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn insert_many(tx: &mut Connection, letters: &[NewDeadLetter]) -> Result<(), StorageError> {
    if letters.is_empty() || insert_free(tx, letters).await? == letters.len() {
        return Ok(());
    }
    let set_aside = set_aside_replaced(tx, letters).await?;
    if set_aside > 0 {
        let letter = letters.first();
        tracing::warn!(
            topic = letter.map(|letter| &letter.topic),
            partition = letter.map(|letter| letter.partition),
            letters = set_aside,
            "dead letters of a replaced log occupy these offsets; they are kept under the topic with # and a number"
        );
        insert_free(tx, letters).await?;
    }
    Ok(())
}

/// Inserts the letters whose positions are free; returns how many.
async fn insert_free(tx: &mut Connection, letters: &[NewDeadLetter]) -> Result<usize, StorageError> {
    let column = |text: fn(&NewDeadLetter) -> Option<&str>| letters.iter().map(text).collect::<Vec<_>>();
    let inserted = diesel::sql_query(
        "insert into dead_letters
           (id, topic, partition, first_offset, last_offset, appended_at, reason, detail, charge_point_id, event_id,
            key, value, headers)
         select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (topic, partition, first_offset) do nothing",
    )
    .bind::<Array<SqlUuid>, _>(letters.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(letters.iter().map(|letter| &letter.topic).collect::<Vec<_>>())
    .bind::<Array<Int4>, _>(letters.iter().map(|letter| letter.partition).collect::<Vec<_>>())
    .bind::<Array<Int8>, _>(letters.iter().map(|letter| letter.first_offset).collect::<Vec<_>>())
    .bind::<Array<Int8>, _>(letters.iter().map(|letter| letter.last_offset).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(
        letters.iter().map(|letter| letter.appended_at).collect::<Vec<_>>(),
    )
    .bind::<Array<Text>, _>(letters.iter().map(|letter| letter.reason).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(letters.iter().map(|letter| &letter.detail).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(column(|letter| letter.charge_point_id.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(column(|letter| letter.event_id.as_deref()))
    .bind::<Array<Nullable<Bytea>>, _>(letters.iter().map(|letter| letter.key.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Bytea>>, _>(
        letters.iter().map(|letter| letter.value.as_deref()).collect::<Vec<_>>(),
    )
    .bind::<Array<Jsonb>, _>(letters.iter().map(|letter| &letter.headers).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(inserted)
}
