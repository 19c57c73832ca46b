//! Records beyond the cap on dead letters: a row for a range of offsets, without their bytes.
//!
//! The rows have a topic of their own: the Kafka topic and `#omitted`. So the row of a range never has
//! the position of a whole dead letter, whatever is read again under another cap.

use crate::{Connection, StorageError};
use diesel::sql_types::{Array, Int4, Int8, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// The reason of such rows.
pub const OMITTED: &str = "OMITTED";

/// Records that could not be applied and are not kept whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OmittedRecords {
    /// Kafka topic.
    pub topic: String,
    /// Kafka partition.
    pub partition: i32,
    /// Offset of the first omitted record.
    pub first_offset: i64,
    /// Offset of the last omitted record.
    pub last_offset: i64,
    /// How many records were omitted; others in between were applied, or kept whole.
    pub records: i64,
}

/// Inserts the rows of `ranges`, or extends those that begin at the same offset.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn record_omitted(
    tx: &mut Connection,
    ranges: &[OmittedRecords],
) -> Result<(), StorageError> {
    if ranges.is_empty() {
        return Ok(());
    }
    let detail = |range: &OmittedRecords| {
        let OmittedRecords { records, first_offset, last_offset, .. } = range;
        format!(
            "{records} records from offset {first_offset} to {last_offset} cannot be decoded; they are beyond \
             ingest.dead_letters_per_minute and not kept here"
        )
    };
    diesel::sql_query(
        "insert into dead_letters (id, topic, partition, first_offset, last_offset, reason, detail)
         select id, topic || '#omitted', partition, first_offset, last_offset, $7, detail
         from unnest($1, $2, $3, $4, $5, $6) as new (id, topic, partition, first_offset, last_offset, detail)
         on conflict (topic, partition, first_offset) do update
         set last_offset = excluded.last_offset, detail = excluded.detail
         where dead_letters.last_offset < excluded.last_offset",
    )
    .bind::<Array<SqlUuid>, _>(ranges.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(ranges.iter().map(|range| &range.topic).collect::<Vec<_>>())
    .bind::<Array<Int4>, _>(ranges.iter().map(|range| range.partition).collect::<Vec<_>>())
    .bind::<Array<Int8>, _>(ranges.iter().map(|range| range.first_offset).collect::<Vec<_>>())
    .bind::<Array<Int8>, _>(ranges.iter().map(|range| range.last_offset).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(ranges.iter().map(detail).collect::<Vec<_>>())
    .bind::<Text, _>(OMITTED)
    .execute(tx)
    .await?;
    Ok(())
}
