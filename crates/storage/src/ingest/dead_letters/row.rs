//! The row of a dead letter.

use crate::schema::dead_letters;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use domain::order::RecordPosition;
use uuid::Uuid;

/// Origin, reason and replay outcome of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = dead_letters, check_for_backend(Pg))]
pub struct Heading {
    /// Id of the dead letter.
    pub id: Uuid,
    /// Kafka topic.
    pub topic: String,
    /// Kafka partition.
    pub partition: i32,
    /// Offset of the record, or of the first of a range.
    pub first_offset: i64,
    /// Offset of the record, or of the last of a range.
    pub last_offset: i64,
    /// When the record was appended, if known; `None` for a range.
    pub appended_at: Option<DateTime<Utc>>,
    /// The reason as a stable word.
    pub reason: String,
    /// The reason as a sentence.
    pub detail: String,
    /// The device of the event; `None` if unknown.
    pub charge_point_id: Option<String>,
    /// The id of the event; `None` if unknown.
    pub event_id: Option<String>,
    /// When the dead letter was created.
    pub created_at: DateTime<Utc>,
    /// When it was last replayed; `None` if never.
    pub replayed_at: Option<DateTime<Utc>>,
    /// The outcome of the last replay, a word of [`ReplayOutcome::as_str`].
    pub replay_outcome: Option<String>,
    /// The subject of the caller of the last replay; `None` if never, or not recorded.
    pub replayed_by: Option<String>,
}

impl Heading {
    /// The position of the record; `None` for a range that could not be read, which has no record.
    #[must_use]
    pub fn position(&self) -> Option<RecordPosition> {
        let appended_at = self.appended_at.filter(|_| self.first_offset == self.last_offset)?;
        Some(RecordPosition { partition: self.partition, offset: self.first_offset, appended_at })
    }
}

/// The bytes of the record of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = dead_letters, check_for_backend(Pg))]
pub struct KeptRecord {
    /// Key of the record; `None` if it has none.
    pub key: Option<Vec<u8>>,
    /// Value of the record; `None` if it has none.
    pub value: Option<Vec<u8>>,
    /// Headers of the record, values in Base64.
    pub headers: serde_json::Value,
}

/// A dead letter with all its data.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = dead_letters, check_for_backend(Pg))]
pub struct DeadLetter {
    /// All data except the bytes.
    #[diesel(embed)]
    pub heading: Heading,
    /// The bytes.
    #[diesel(embed)]
    pub record: KeptRecord,
}

/// The outcome of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReplayOutcome {
    /// The event was applied.
    Applied,
    /// The event has no effect by design: it was applied before, or something newer is known.
    Ignored,
    /// The event cannot be applied to the state of its device.
    Unplaced,
    /// The record cannot be decoded.
    Undecodable,
    /// PostgreSQL refused the event's changes.
    Refused,
}

impl ReplayOutcome {
    /// All outcomes.
    pub const ALL: [Self; 5] =
        [Self::Applied, Self::Ignored, Self::Unplaced, Self::Undecodable, Self::Refused];
    /// Outcomes after which another replay has no effect.
    pub(super) const SETTLED: [&'static str; 2] = [Self::Applied.as_str(), Self::Ignored.as_str()];

    /// The outcome as a stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Ignored => "ignored",
            Self::Unplaced => "unplaced",
            Self::Undecodable => "undecodable",
            Self::Refused => "refused",
        }
    }
}
