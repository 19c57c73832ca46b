//! The progress of a partition, and the record that identifies its log.

use super::PartitionLease;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Int4, Int8, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::digest::RecordDigest;

/// The progress of a partition; stored in the transaction of the effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The first offset whose effects are not yet in the database.
    pub next_offset: i64,
    /// The last record before `next_offset`; `None` if there is none, or it is unknown.
    pub last_record: Option<LastRecord>,
}

/// A checkpoint with an offset only, which cannot identify the log.
impl From<i64> for Checkpoint {
    fn from(next_offset: i64) -> Self {
        Self { next_offset, last_record: None }
    }
}

/// The last record whose effects are in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRecord {
    /// Offset of the record.
    pub offset: i64,
    /// Digest of its content.
    pub digest: RecordDigest,
}

/// Why a partition is not read until an operator decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// A stable word, see [`HaltReason::as_str`]; a later release may have others.
    pub reason: String,
    /// When the partition was halted, by PostgreSQL's clock.
    pub since: DateTime<Utc>,
}

/// Why this release halts a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HaltReason {
    /// Kafka does not have the next offset.
    OffsetOutsideLog,
    /// The log was replaced: another record is at the offset of the last record, or the log ends
    /// before it.
    OtherLog,
}

impl HaltReason {
    /// The reason as a stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OffsetOutsideLog => "OFFSET_OUTSIDE_LOG",
            Self::OtherLog => "OTHER_LOG",
        }
    }
}

/// The state that a replica checks before it continues reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeState {
    /// The last record before the next offset; `None` if it is unknown, as after a release that
    /// does not store it, or after an operator has changed the offset.
    pub last_record: Option<LastRecord>,
    /// Why the partition must not be read; `None` if it may be.
    pub halt: Option<Halt>,
}

#[derive(QueryableByName)]
pub(super) struct ResumeRow {
    #[diesel(sql_type = Nullable<Int8>)]
    record_offset: Option<i64>,
    #[diesel(sql_type = Nullable<Int8>)]
    record_digest: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    halted_because: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    halted_at: Option<DateTime<Utc>>,
}

/// The columns of a [`ResumeRow`]: values that were stored for another `next_offset` do not apply.
pub(super) const RESUME_COLUMNS: &str =
    "case when last_record_next_offset = next_offset then last_record_offset end as record_offset,
     case when last_record_next_offset = next_offset then last_record_digest end as record_digest,
     case when halted_at_offset = next_offset then halted_because end as halted_because,
     case when halted_at_offset = next_offset then halted_at end as halted_at";

impl From<ResumeRow> for ResumeState {
    fn from(row: ResumeRow) -> Self {
        let last_record = row.record_offset.zip(row.record_digest);
        let halt = row.halted_because.zip(row.halted_at);
        Self {
            last_record: last_record
                .map(|(offset, digest)| LastRecord { offset, digest: RecordDigest(digest) }),
            halt: halt.map(|(reason, since)| Halt { reason, since }),
        }
    }
}

/// The resume state for `lease`; `None` if the partition is at another epoch or offset.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn load_resume_state(
    connection: &mut Connection,
    lease: &PartitionLease,
) -> Result<Option<ResumeState>, StorageError> {
    let row: Option<ResumeRow> = diesel::sql_query(format!(
        "select {RESUME_COLUMNS} from ingest_partitions
         where topic = $1 and partition = $2 and epoch = $3 and next_offset = $4"
    ))
    .bind::<Text, _>(&lease.topic)
    .bind::<Int4, _>(lease.partition)
    .bind::<Int8, _>(lease.epoch)
    .bind::<Int8, _>(lease.next_offset)
    .get_result(connection)
    .await
    .optional()?;
    Ok(row.map(ResumeState::from))
}
