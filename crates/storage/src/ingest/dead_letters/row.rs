//! A dead letter as it is kept.

use crate::schema::dead_letters;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use domain::order::RecordPosition;
use uuid::Uuid;

/// Where a dead letter came from, why it is one, and what became of it since.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = dead_letters, check_for_backend(Pg))]
pub struct Heading {
    /// Its id.
    pub id: Uuid,
    /// Kafka topic.
    pub topic: String,
    /// Kafka partition.
    pub partition: i32,
    /// Offset of the record, or of the first of a range.
    pub first_offset: i64,
    /// Offset of the record, or of the last of a range.
    pub last_offset: i64,
    /// When the record was appended, as far as can be told; `None` for a range.
    pub appended_at: Option<DateTime<Utc>>,
    /// Why, as a stable word.
    pub reason: String,
    /// Why, as a sentence.
    pub detail: String,
    /// The device that it speaks of, where that could be told.
    pub charge_point_id: Option<String>,
    /// The event that it is, where that could be told.
    pub event_id: Option<String>,
    /// When it was put aside.
    pub created_at: DateTime<Utc>,
    /// When it was last replayed.
    pub replayed_at: Option<DateTime<Utc>>,
    /// What that came to, as [`ReplayOutcome::as_str`] says it.
    pub replay_outcome: Option<String>,
}

impl Heading {
    /// Where the record stood; `None` for a range that could not be read, which left none.
    #[must_use]
    pub fn position(&self) -> Option<RecordPosition> {
        let appended_at = self.appended_at.filter(|_| self.first_offset == self.last_offset)?;
        Some(RecordPosition { partition: self.partition, offset: self.first_offset, appended_at })
    }
}

/// The bytes of a record that was put aside.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = dead_letters, check_for_backend(Pg))]
pub struct KeptRecord {
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Option<Vec<u8>>,
    /// Its headers, values in Base64.
    pub headers: serde_json::Value,
}

/// A dead letter whole.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = dead_letters, check_for_backend(Pg))]
pub struct DeadLetter {
    /// All but the bytes.
    #[diesel(embed)]
    pub heading: Heading,
    /// The bytes.
    #[diesel(embed)]
    pub record: KeptRecord,
}

/// What a replay came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReplayOutcome {
    /// The event took effect.
    Applied,
    /// It has none, by design: it was applied before, or something newer is known.
    Ignored,
    /// It finds no place.
    Unplaced,
    /// The record cannot be decoded.
    Undecodable,
    /// Postgres refused what it leads to.
    Refused,
}

impl ReplayOutcome {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Applied, Self::Ignored, Self::Unplaced, Self::Undecodable, Self::Refused];
    /// Those after which a letter has nothing left to give.
    pub(super) const SETTLED: [&'static str; 2] = [Self::Applied.as_str(), Self::Ignored.as_str()];

    /// As a word that never changes.
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
