//! Which of two events is the newer one. There are several orders, and each follows from one event alone, never from a pair,
//! so that each is total:
//!
//! - Facts of sessions and readings: by the time that the event claims ([`Stamp::at`]); of equal times the record appended later
//!   is the newer one. A clock that is absurd compared with the record is not believed: the record's time takes its place.
//! - Statuses: by [`Stamp::effect`], the record's time, but at most [`LIVE_WITHIN`] after the claimed time.
//! - Signs of life and goodbyes: by [`Stamp::record`], the record's time alone.
//! - Which gateway holds a device: by [`Stamp::holding`], the claimed time if the record bears it out, else the record's.
//!
//! (Gateway contract, "Newer wins".)

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How far ahead of its record an event may claim to be and still be believed.
pub const MAX_AHEAD: TimeDelta = TimeDelta::seconds(60);
/// How far behind its record an event may claim to be and still be believed.
pub const MAX_BEHIND: TimeDelta = TimeDelta::days(7);
/// A status takes effect when its record is appended, but at most this long after the time that it claims. Up to here a clock may
/// be late, or an event may wait in its gateway, without an effect on the order; beyond, a status is late by the excess.
pub const LIVE_WITHIN: TimeDelta = TimeDelta::seconds(60);
/// How far two copies of one event with a believable clock can be apart in the order of effects: one copy takes effect at least
/// [`MAX_AHEAD`] before the claimed time, the other at most [`LIVE_WITHIN`] after it.
pub const COPIES_APART: TimeDelta = TimeDelta::seconds(120);
/// How much older than what its partition held before a record's timestamp may be: producers that retry do not keep the order of
/// what they send.
pub const OVERTAKEN: TimeDelta = TimeDelta::seconds(10);
/// A record whose timestamp is older than that by more than this was copied from another topic.
const COPIED: TimeDelta = TimeDelta::days(1);

/// Where a record stands in its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPosition {
    /// The partition.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
    /// When the record was appended: its Kafka timestamp, within the bounds of [`AppendClock`].
    pub appended_at: DateTime<Utc>,
}

/// Bounds what records claim of when they were appended. Unless the topic has `LogAppendTime`, a record's timestamp comes from
/// the clock of the pod that sent it.
///
/// A record cannot have been appended after it was read, nor much before a record with a smaller offset, nor much before its partition
/// was read to its end without it. A timestamp that is too early is replaced by the earliest that is accepted, [`OVERTAKEN`] before
/// that bound. So the order of timestamps is kept: what a gateway sends in order after an outage of its broker stays in order, although
/// some of it is older than the bound and some is not. What the clock answers is stored with all that follows from the record, also
/// with a dead letter, so that a later replay judges the record by the same time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppendClock {
    not_before: Option<DateTime<Utc>>,
}

impl AppendClock {
    /// When the next record of the partition was appended, by its Kafka timestamp and the moment at which it was read.
    pub fn appended_at(&mut self, timestamp: DateTime<Utc>, read_at: DateTime<Utc>) -> DateTime<Utc> {
        let not_before = self.not_before.map(|bound| bound.min(read_at));
        let appended_at = if timestamp > read_at {
            not_before.unwrap_or(read_at)
        } else {
            let earliest = not_before.map(|bound| bound - OVERTAKEN);
            let is_slow = |earliest: &DateTime<Utc>| timestamp < *earliest && *earliest - timestamp <= COPIED;
            earliest.filter(is_slow).unwrap_or(timestamp)
        };
        self.not_before = self.not_before.max(Some(appended_at));
        appended_at
    }

    /// Notes that the partition had been read to its end at `at`.
    pub fn caught_up(&mut self, at: DateTime<Utc>) {
        self.not_before = self.not_before.max(Some(at));
    }
}

/// The place of an event in the order of all events of its charge point. Compares field by field.
///
/// Offsets of two partitions say nothing about each other; the partition stands before the offset only so that the order
/// is total, whichever of the two is read first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// The event's time, or the record's where the event's is not believed. Microseconds.
    pub at: DateTime<Utc>,
    /// When the record was appended, see [`RecordPosition::appended_at`]. Microseconds.
    pub appended_at: DateTime<Utc>,
    /// The record's partition.
    pub partition: i32,
    /// The record's offset.
    pub offset: i64,
}

impl Stamp {
    /// The stamp of a fact that claims to be of `claimed_at`, told by the record at `position`.
    #[must_use]
    pub fn new(claimed_at: Option<DateTime<Utc>>, position: &RecordPosition) -> Self {
        Self {
            at: believe(claimed_at, position.appended_at).unwrap_or(position.appended_at).trunc_subsecs(6),
            appended_at: position.appended_at.trunc_subsecs(6),
            partition: position.partition,
            offset: position.offset,
        }
    }

    /// When a status with this stamp takes effect. It grows with both times: neither a gateway that falls behind nor one that catches
    /// up changes the order of the statuses that it sends.
    #[must_use]
    pub fn effective_at(&self) -> DateTime<Utc> {
        self.appended_at.min(self.at + LIVE_WITHIN)
    }

    /// The place in the order of statuses.
    #[must_use]
    pub fn effect(&self) -> (DateTime<Utc>, DateTime<Utc>, i32, i64) {
        (self.effective_at(), self.appended_at, self.partition, self.offset)
    }

    /// The place in the order of records: when the platform was told.
    #[must_use]
    pub const fn record(&self) -> (DateTime<Utc>, i32, i64) {
        (self.appended_at, self.partition, self.offset)
    }

    /// The place in the order of signs of life that name the gateway which holds the device. A copy that a gateway sends after the device
    /// has moved to another one has the place of the first, if it is sent within [`LIVE_WITHIN`].
    #[must_use]
    pub fn holding(&self) -> (DateTime<Utc>, DateTime<Utc>, i32, i64) {
        (self.heard_at(), self.appended_at, self.partition, self.offset)
    }

    /// When a sign of life or a goodbye happened: the claimed time where the record bears it out, else the record's.
    #[must_use]
    pub fn heard_at(&self) -> DateTime<Utc> {
        if (self.at - self.appended_at).abs() <= LIVE_WITHIN { self.at } else { self.appended_at }
    }
}

/// `claimed_at`, if it is within [`MAX_AHEAD`] and [`MAX_BEHIND`] of the record that tells it.
#[must_use]
pub fn believe(claimed_at: Option<DateTime<Utc>>, appended_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let ahead = claimed_at?.signed_duration_since(appended_at);
    claimed_at.filter(|_| ahead <= MAX_AHEAD && -ahead <= MAX_BEHIND)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn an_absurd_clock_is_not_believed() {
        let appended = at(0);
        assert_eq!(believe(Some(at(60)), appended), Some(at(60)));
        assert_eq!(believe(Some(at(61)), appended), None);
        assert_eq!(believe(Some(at(-7 * 86_400)), appended), Some(at(-7 * 86_400)));
        assert_eq!(believe(Some(at(-7 * 86_400 - 1)), appended), None);
        assert_eq!(believe(DateTime::from_timestamp(0, 0), appended), None);
        assert_eq!(believe(Some(DateTime::<Utc>::MAX_UTC), appended), None);
        assert_eq!(believe(Some(DateTime::<Utc>::MIN_UTC), appended), None);
        assert_eq!(believe(None, appended), None);
    }

    #[test]
    fn of_equal_times_the_later_record_is_newer() {
        let stamp = |offset, appended| {
            Stamp::new(Some(at(0)), &RecordPosition { partition: 3, offset, appended_at: at(appended) })
        };
        assert!(stamp(8, 0) > stamp(7, 0));
        assert!(stamp(1, 2) > stamp(9, 1));
    }

    #[test]
    fn a_status_takes_effect_with_its_record_unless_it_is_late() {
        let effective = |claimed, appended| {
            let position = RecordPosition { partition: 0, offset: 0, appended_at: at(appended) };
            Stamp::new(Some(at(claimed)), &position).effective_at()
        };
        assert_eq!(effective(100, 100), at(100));
        assert_eq!(effective(80, 100), at(100), "the clock is 20 s late");
        assert_eq!(effective(150, 100), at(100), "the clock is early");
        assert_eq!(effective(-500, 100), at(-440), "it waited for ten minutes");
        assert_eq!(effective(-700_000, 100), at(100), "the clock is absurd");
    }

    #[test]
    fn a_record_was_appended_between_the_one_before_and_its_reading() {
        let mut clock = AppendClock::default();
        assert_eq!(clock.appended_at(at(2_500), at(99)), at(99), "nothing is known but when it was read");
        assert_eq!(clock.appended_at(at(100), at(101)), at(100));
        assert_eq!(clock.appended_at(at(2_500), at(110)), at(100), "the pod's clock is 40 minutes ahead");
        assert_eq!(clock.appended_at(at(103), at(110)), at(103), "and this one's is right");
        assert_eq!(clock.appended_at(at(102), at(110)), at(102), "it was overtaken on its way");
        assert_eq!(clock.appended_at(at(-780), at(110)), at(93), "the pod's clock is 15 minutes late");
        clock.caught_up(at(120));
        assert_eq!(clock.appended_at(at(-780), at(121)), at(110));
        assert_eq!(clock.appended_at(at(-90_000), at(122)), at(-90_000), "a copy of another topic's record");
        assert_eq!(clock.appended_at(at(123), at(123)), at(123));
    }
}
