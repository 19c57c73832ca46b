//! Which of two events is the newer one.
//!
//! Events are ordered by the time they claim; of two with the same time, the record appended later is the newer one. A
//! clock that is absurd beside the record's own Kafka timestamp is not believed: the record's timestamp takes its
//! place. (Gateway contract, "Newer wins".)

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How far ahead of its record an event may claim to be and still be believed.
pub const MAX_AHEAD: TimeDelta = TimeDelta::seconds(60);
/// How far behind its record an event may claim to be and still be believed.
pub const MAX_BEHIND: TimeDelta = TimeDelta::days(7);

/// Where a record stands in its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPosition {
    /// The partition.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
    /// The record's own Kafka timestamp.
    pub appended_at: DateTime<Utc>,
}

/// The place of an event in the order of all events of its charge point. Compares field by field.
///
/// Offsets of two partitions say nothing about each other; the partition stands before the offset only so that the order
/// is total, whichever of the two is read first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// The event's time, or the record's where the event's is not believed. Microseconds.
    pub at: DateTime<Utc>,
    /// The record's own Kafka timestamp.
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
}
