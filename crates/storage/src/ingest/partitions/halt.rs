//! Halted partitions, which are not read until an operator decides where to continue.

use super::checkpoint::{RESUME_COLUMNS, ResumeRow};
use super::{HaltReason, PartitionLease, ResumeState};
use crate::ingest::dead_letters::{self, SetAside};
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Int4, Int8, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};

/// Halts the partition of `lease` for all owners; `false` if the partition is no longer at the
/// lease's epoch and offset.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn record_halt(
    connection: &mut Connection,
    lease: &PartitionLease,
    reason: HaltReason,
) -> Result<bool, StorageError> {
    let halted = diesel::sql_query(
        "update ingest_partitions set
           halted_because = $5, halted_at = statement_timestamp(), halted_at_offset = next_offset
         where topic = $1 and partition = $2 and epoch = $3 and next_offset = $4",
    )
    .bind::<Text, _>(&lease.topic)
    .bind::<Int4, _>(lease.partition)
    .bind::<Int8, _>(lease.epoch)
    .bind::<Int8, _>(lease.next_offset)
    .bind::<Text, _>(reason.as_str())
    .execute(connection)
    .await?;
    Ok(halted == 1)
}

/// A partition as an operator sees it to decide where reading continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionForOperator {
    /// The first offset whose effects are not yet in the database.
    pub next_offset: i64,
    /// Why it is halted, and the last record that was read.
    pub resume: ResumeState,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Int8)]
    next_offset: i64,
    #[diesel(embed)]
    resume: ResumeRow,
}

/// The partition; `None` if no ingestor has registered it.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn find(
    connection: &mut Connection,
    topic: &str,
    partition: i32,
) -> Result<Option<PartitionForOperator>, StorageError> {
    let row: Option<Row> = diesel::sql_query(format!(
        "select next_offset, {RESUME_COLUMNS} from ingest_partitions where topic = $1 and partition = $2"
    ))
    .bind::<Text, _>(topic)
    .bind::<Int4, _>(partition)
    .get_result(connection)
    .await
    .optional()?;
    Ok(row.map(|Row { next_offset, resume }| PartitionForOperator { next_offset, resume: resume.into() }))
}

/// Ends the halt of a partition that is halted at `halted_at`: a new owner continues reading at
/// `from`. Dead letters from there on belong to a replaced log, or to records that are read again;
/// they are set aside, so that their positions are free for new dead letters.
///
/// `None`, without any change, if the partition is not halted at that offset.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn end_halt(
    connection: &mut Connection,
    topic: &str,
    partition: i32,
    halted_at: i64,
    from: i64,
) -> Result<Option<SetAside>, StorageError> {
    connection
        .transaction(async |tx| {
            let ended = diesel::sql_query(
                "update ingest_partitions set
                   next_offset = $4, epoch = epoch + 1, owner = null, lease_until = '-infinity',
                   halted_because = null, halted_at = null, halted_at_offset = null,
                   last_record_offset = null, last_record_digest = null, last_record_next_offset = null
                 where topic = $1 and partition = $2 and next_offset = $3 and halted_at_offset = $3
                   and halted_because is not null",
            )
            .bind::<Text, _>(topic)
            .bind::<Int4, _>(partition)
            .bind::<Int8, _>(halted_at)
            .bind::<Int8, _>(from)
            .execute(tx)
            .await?;
            if ended == 0 {
                return Ok(None);
            }
            Ok(Some(dead_letters::set_aside_from(tx, topic, partition, from).await?))
        })
        .await
}
