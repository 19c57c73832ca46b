//! The retention of a topic.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::KafkaError;

const RETENTION: &str = "retention.ms";
const SEGMENT: &str = "segment.ms";
const POLICY: &str = "cleanup.policy";

/// The topic settings that determine the retention.
pub(super) const SETTINGS: [&str; 3] = [RETENTION, SEGMENT, POLICY];

/// The retention of a topic. Kafka deletes whole segments, by the time of their newest record: on a
/// partition that is written continuously, a record is kept for up to `segment` plus `retention`,
/// and then until the broker's next check (`log.retention.check.interval.ms`, by default 5
/// minutes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicRetention {
    /// `retention.ms`; `None` if records are kept without limit (-1, or a `cleanup.policy` that
    /// deletes nothing).
    pub retention: Option<Duration>,
    /// `segment.ms`: after this time Kafka begins a new segment. `None` if the broker does not
    /// report it.
    pub segment: Option<Duration>,
}

/// Why a topic keeps its records longer than allowed. Displayed as "keeps records for 7 d".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// Records are kept without limit.
    Unlimited,
    /// Its `retention.ms`.
    Retention(Duration),
    /// Its `segment.ms`.
    Segment(Duration),
}

impl TopicRetention {
    /// Why the topic keeps records longer than `limit`: `retention.ms` or `segment.ms` exceeds it.
    /// `None` if neither does.
    #[must_use]
    pub fn excess(&self, limit: Duration) -> Option<Excess> {
        match (self.retention, self.segment) {
            (None, _) => Some(Excess::Unlimited),
            (Some(retention), _) if retention > limit => Some(Excess::Retention(retention)),
            (_, Some(segment)) if segment > limit => Some(Excess::Segment(segment)),
            _ => None,
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str("keeps records without limit"),
            Self::Retention(kept) => write!(f, "keeps records for {}", format_duration(*kept)),
            Self::Segment(open) => {
                write!(f, "keeps records of a busy partition for {} (segment.ms)", format_duration(*open))
            }
        }
    }
}

/// In the largest unit without a remainder, as in `7 d`, `36 h`, `2 min`, `90 s`, `1500 ms`.
fn format_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let whole = units.into_iter().find(|(unit, _)| millis >= *unit && millis.is_multiple_of(*unit));
    let (unit, name) = whole.unwrap_or((1, "ms"));
    format!("{} {name}", millis / unit)
}

/// Reads the retention from a topic's settings as the brokers report them.
pub(super) fn read(settings: &BTreeMap<String, Option<String>>) -> Result<TopicRetention, KafkaError> {
    let value = |name: &str| settings.get(name).and_then(Option::as_deref);
    let millis = |name: &'static str| {
        let number = value(name).map(str::parse::<i64>).transpose();
        number.map_err(|_no_number| KafkaError::SettingNotReported(name))
    };
    let is_deleted = value(POLICY).is_none_or(|policy| policy.split(',').any(|word| word.trim() == "delete"));
    let retention = millis(RETENTION)?.ok_or(KafkaError::SettingNotReported(RETENTION))?;
    // -1 means no limit.
    let retention = u64::try_from(retention).ok().filter(|_| is_deleted).map(Duration::from_millis);
    let segment = millis(SEGMENT)?.and_then(|millis| u64::try_from(millis).ok()).map(Duration::from_millis);
    Ok(TopicRetention { retention, segment })
}

#[cfg(test)]
mod tests;
