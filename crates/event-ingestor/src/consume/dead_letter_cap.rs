//! Limits the dead letters that are written whole, so that a gateway that sends only invalid records
//! cannot fill the database.
//!
//! The limit is only for records that cannot be decoded. An event that has no place or that PostgreSQL
//! refuses is always kept whole: the cause may be outside the record. A record beyond the limit is not
//! lost without trace: the transaction that moves the partition past it also extends a row with the
//! range of offsets, one row per partition and minute, and Kafka has the record as long as its topic
//! keeps it.

use runtime::lock::MutexExt as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// The dead letters of this replica in the current minute.
pub(crate) struct DeadLetterCap {
    per_minute: u32,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    /// Counts the minutes with dead letters.
    minute: u64,
    ends_at: Option<Instant>,
    admitted: u32,
    omitted: u64,
}

/// How a record that cannot be decoded is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Whole.
    Whole,
    /// As part of a range of offsets.
    Omitted {
        /// The minute, as a number that only this replica knows.
        minute: u64,
    },
}

/// The range of omitted records of one partition in one minute, up to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OmittedRange {
    minute: u64,
    /// The offset of the first omitted record.
    pub first_offset: i64,
    /// How many records were omitted; others in between were not.
    pub records: i64,
}

impl DeadLetterCap {
    /// Admits at most `per_minute` whole dead letters.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute, window: Mutex::default() }
    }

    /// Counts a record that cannot be decoded, at `now`.
    pub(crate) fn admit(&self, now: Instant) -> Admission {
        let mut window = self.window.locked();
        if window.ends_at.is_none_or(|end| end <= now) {
            let (minute, before) = (window.minute + 1, window.omitted);
            *window = Window { minute, ends_at: Some(now + MINUTE), admitted: 0, omitted: 0 };
            if before > 0 {
                tracing::warn!(
                    records = before,
                    "undecodable records of a minute were omitted; their offsets are in the dead letters with the reason OMITTED"
                );
            }
        }
        if window.admitted < self.per_minute {
            window.admitted += 1;
            return Admission::Whole;
        }
        if window.omitted == 0 {
            tracing::warn!(
                per_minute = self.per_minute,
                "too many records cannot be decoded: further ones of this minute are recorded as ranges of offsets, \
                 without their bytes; read them from Kafka while its topic has them"
            );
        }
        window.omitted += 1;
        Admission::Omitted { minute: window.minute }
    }
}

impl OmittedRange {
    /// Extends the range of `minute` to the record at `offset`; begins another one if it is of an
    /// earlier minute.
    pub(crate) const fn extend(&mut self, minute: u64, offset: i64) -> Self {
        if self.minute != minute {
            *self = Self { minute, first_offset: offset, records: 0 };
        }
        self.records += 1;
        *self
    }
}

#[cfg(test)]
mod tests;
