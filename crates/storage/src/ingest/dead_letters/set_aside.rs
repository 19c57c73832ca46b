//! Dead letters of a replaced log. Offsets are only unique within a log, so such dead letters get
//! another topic: the Kafka topic, `#` and a number. Kafka does not allow `#` in topic names.

use super::NewDeadLetter;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bytea, Int4, Int8, Jsonb, Nullable, Text};
use diesel_async::RunQueryDsl;

/// Dead letters that were set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Number of dead letters.
    pub letters: usize,
    /// Their new topic; `None` if there are no dead letters.
    pub topic: Option<String>,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Int8)]
    letters: i64,
}

#[derive(QueryableByName)]
struct Renamed {
    #[diesel(sql_type = Text)]
    topic: String,
}

/// Number of dead letters of the partition with an offset of `from` or more.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn count_from(
    connection: &mut Connection,
    topic: &str,
    partition: i32,
    from: i64,
) -> Result<i64, StorageError> {
    let count: Count = diesel::sql_query(
        "select count(*) as letters from dead_letters where topic = $1 and partition = $2 and first_offset >= $3",
    )
    .bind::<Text, _>(topic)
    .bind::<Int4, _>(partition)
    .bind::<Int8, _>(from)
    .get_result(connection)
    .await?;
    Ok(count.letters)
}

/// Sets aside the dead letters of the partition with an offset of `from` or more, under the first
/// free number.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn set_aside_from(
    tx: &mut Connection,
    topic: &str,
    partition: i32,
    from: i64,
) -> Result<SetAside, StorageError> {
    let renamed: Vec<Renamed> = diesel::sql_query(
        "update dead_letters set topic = $1 || '#' || (
           select min(n) from generate_series(1, 1000) as n
           where not exists (select from dead_letters as former
                             where former.topic = $1 || '#' || n and former.partition = $2 and former.first_offset >= $3))
         where topic = $1 and partition = $2 and first_offset >= $3
         returning topic",
    )
    .bind::<Text, _>(topic)
    .bind::<Int4, _>(partition)
    .bind::<Int8, _>(from)
    .load(tx)
    .await?;
    Ok(SetAside { letters: renamed.len(), topic: renamed.into_iter().next().map(|row| row.topic) })
}

/// Sets aside existing dead letters that have the position of one of `letters` but different
/// content; returns how many.
///
/// # Errors
/// If PostgreSQL fails.
pub(super) async fn set_aside_replaced(
    tx: &mut Connection,
    letters: &[NewDeadLetter],
) -> Result<usize, StorageError> {
    let set_aside = diesel::sql_query(
        "update dead_letters as held set topic = held.topic || '#' || (
           select min(n) from generate_series(1, 1000) as n
           where not exists (select from dead_letters as former
                             where former.topic = held.topic || '#' || n and former.partition = held.partition
                               and former.first_offset = held.first_offset))
         from unnest($1, $2, $3, $4, $5, $6, $7) as new (topic, partition, first_offset, last_offset, key, value, headers)
         where held.topic = new.topic and held.partition = new.partition and held.first_offset = new.first_offset
           and (held.last_offset, held.key, held.value, held.headers)
               is distinct from (new.last_offset, new.key, new.value, new.headers)",
    )
    .bind::<Array<Text>, _>(letters.iter().map(|letter| &letter.topic).collect::<Vec<_>>())
    .bind::<Array<Int4>, _>(letters.iter().map(|letter| letter.partition).collect::<Vec<_>>())
    .bind::<Array<Int8>, _>(letters.iter().map(|letter| letter.first_offset).collect::<Vec<_>>())
    .bind::<Array<Int8>, _>(letters.iter().map(|letter| letter.last_offset).collect::<Vec<_>>())
    .bind::<Array<Nullable<Bytea>>, _>(letters.iter().map(|letter| letter.key.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Bytea>>, _>(
        letters.iter().map(|letter| letter.value.as_deref()).collect::<Vec<_>>(),
    )
    .bind::<Array<Jsonb>, _>(letters.iter().map(|letter| &letter.headers).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(set_aside)
}
