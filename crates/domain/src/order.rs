//! The orders of events. Each order follows from one event alone, never from a pair, so each is
//! total:
//!
//! - Facts of sessions and readings: by the time that the event claims ([`Stamp::at`]); of equal
//!   times the record that was appended later is newer. A clock that is implausible compared with
//!   the record is not trusted: the record's time replaces it.
//! - Statuses: by [`Stamp::effect`], the record's time, but at most [`LIVE_WITHIN`] after the
//!   claimed time.
//! - Signs of life and disconnections: by [`Stamp::record`], the record's time alone.
//! - Which gateway holds a device: by [`Stamp::holding`], the claimed time if the record confirms
//!   it, otherwise the record's.
//!
//! (Gateway contract, "Newer wins".)

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How far ahead of its record the claimed time of an event is still plausible.
pub const MAX_AHEAD: TimeDelta = TimeDelta::seconds(60);
/// How far behind its record the claimed time of an event is still plausible.
pub const MAX_BEHIND: TimeDelta = TimeDelta::days(7);
/// A status takes effect when its record is appended, but at most this long after the time that it
/// claims. Within this time a slow clock, or an event that waits in its gateway, does not affect
/// the order; beyond it, a status takes effect earlier than its record by the excess.
pub const LIVE_WITHIN: TimeDelta = TimeDelta::seconds(60);
/// The maximum distance between two copies of one event with a plausible clock in the order of
/// effects: one copy takes effect at most [`MAX_AHEAD`] before the claimed time, the other at most
/// [`LIVE_WITHIN`] after it.
pub const COPIES_APART: TimeDelta = TimeDelta::seconds(120);
/// How much older than an earlier record of its partition a record's timestamp may be: producers
/// that retry do not keep the order of what they send.
const OVERTAKEN: TimeDelta = TimeDelta::seconds(10);
/// A record whose timestamp is older than that by more than this was copied from another topic.
const COPIED: TimeDelta = TimeDelta::days(1);

/// The position of a record in its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPosition {
    /// The partition.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
    /// When the record was appended: its Kafka timestamp, within the bounds of [`AppendClock`].
    pub appended_at: DateTime<Utc>,
}

/// Bounds the times at which records claim to have been appended. Unless the topic has
/// `LogAppendTime`, a record's timestamp comes from the clock of the gateway that sent it.
///
/// A record cannot have been appended after it was read, nor much before a record with a smaller
/// offset, nor much before its partition was read to the end without it. A timestamp outside these
/// bounds is replaced by the earliest possible time. After that no timestamp counts as earlier than
/// the replacement: events that a gateway sends in order after an outage of its broker stay in
/// order, although some are much older than the bound and some are not. The returned time is stored
/// with everything that follows from the record, including a dead letter, so that a later replay
/// judges the record by the same time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppendClock {
    not_before: Option<DateTime<Utc>>,
    /// The time that last replaced a timestamp.
    replaced: Option<DateTime<Utc>>,
}

impl AppendClock {
    /// When the next record of the partition was appended, from its Kafka timestamp and the time at
    /// which it was read.
    pub fn appended_at(&mut self, timestamp: DateTime<Utc>, read_at: DateTime<Utc>) -> DateTime<Utc> {
        let earliest = self.not_before.map(|bound| bound.min(read_at));
        let behind = earliest.map_or(TimeDelta::zero(), |earliest| earliest - timestamp);
        let appended_at = match () {
            () if timestamp > read_at => earliest.unwrap_or(read_at),
            () if behind > COPIED => timestamp,
            () if behind > OVERTAKEN => earliest.unwrap_or(timestamp),
            () => self.replaced.map_or(timestamp, |replaced| timestamp.max(replaced.min(read_at))),
        };
        if appended_at != timestamp {
            self.replaced = self.replaced.max(Some(appended_at));
        }
        self.not_before = self.not_before.max(Some(appended_at));
        appended_at
    }

    /// Records that the partition had been read to its end at `at`.
    pub fn caught_up(&mut self, at: DateTime<Utc>) {
        self.not_before = self.not_before.max(Some(at));
    }
}

/// The position of an event in the order of all events of its charge point. Compares field by
/// field.
///
/// Offsets of two partitions are not comparable; the partition precedes the offset only to make the
/// order total, regardless of which partition is read first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// The event's time, or the record's if the event's is not plausible. Microseconds.
    pub at: DateTime<Utc>,
    /// When the record was appended, see [`RecordPosition::appended_at`]. Microseconds.
    pub appended_at: DateTime<Utc>,
    /// The record's partition.
    pub partition: i32,
    /// The record's offset.
    pub offset: i64,
}

impl Stamp {
    /// The stamp of a fact that claims `claimed_at`, carried by the record at `position`.
    #[must_use]
    pub fn new(claimed_at: Option<DateTime<Utc>>, position: &RecordPosition) -> Self {
        Self {
            at: plausible_time(claimed_at, position.appended_at)
                .unwrap_or(position.appended_at)
                .trunc_subsecs(6),
            appended_at: position.appended_at.trunc_subsecs(6),
            partition: position.partition,
            offset: position.offset,
        }
    }

    /// When a status with this stamp takes effect. It grows with both times: neither a gateway that
    /// falls behind nor one that catches up changes the order of the statuses that it sends.
    #[must_use]
    pub fn effective_at(&self) -> DateTime<Utc> {
        self.appended_at.min(self.at + LIVE_WITHIN)
    }

    /// The position in the order of statuses.
    #[must_use]
    pub fn effect(&self) -> (DateTime<Utc>, DateTime<Utc>, i32, i64) {
        (self.effective_at(), self.appended_at, self.partition, self.offset)
    }

    /// The position in the order of records, which is the order of arrival.
    #[must_use]
    pub const fn record(&self) -> (DateTime<Utc>, i32, i64) {
        (self.appended_at, self.partition, self.offset)
    }

    /// The position in the order of signs of life that name the gateway which holds the device. A
    /// copy that a gateway sends after the device has moved to another one has the position of the
    /// first, if it is sent within [`LIVE_WITHIN`].
    #[must_use]
    pub fn holding(&self) -> (DateTime<Utc>, DateTime<Utc>, i32, i64) {
        (self.heard_at(), self.appended_at, self.partition, self.offset)
    }

    /// When a sign of life or a disconnection happened: the claimed time if the record confirms it,
    /// otherwise the record's.
    #[must_use]
    pub fn heard_at(&self) -> DateTime<Utc> {
        if (self.at - self.appended_at).abs() <= LIVE_WITHIN { self.at } else { self.appended_at }
    }
}

/// `claimed_at`, if it is within [`MAX_AHEAD`] and [`MAX_BEHIND`] of the time at which its record
/// was appended.
#[must_use]
pub fn plausible_time(
    claimed_at: Option<DateTime<Utc>>,
    appended_at: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let ahead = claimed_at?.signed_duration_since(appended_at);
    claimed_at.filter(|_| ahead <= MAX_AHEAD && -ahead <= MAX_BEHIND)
}

#[cfg(test)]
mod tests;
