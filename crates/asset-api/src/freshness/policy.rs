//! Determines the confidence in the shown state of a device.

use super::progress::IngestProgress;
use chrono::{DateTime, Utc};
use domain::devices::presence;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use storage::assets::availability::Trust;

/// The confidence in the shown state of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The state is current.
    Live,
    /// The device is silent for longer than the heartbeat time-out but not offline yet; or newer
    /// events may exist, because they are read late.
    Stale,
    /// The state may be wrong: the device is online but its gateway is silent; or it is offline
    /// only because of silence, as it could not be probed.
    Doubtful,
    /// The device is offline: it did not answer a probe.
    Unanswered,
    /// The device was never connected.
    Unknown,
}

impl Confidence {
    /// The confidence in a device with this `trust` that is not silent, of a partition that is not behind.
    pub fn of_heard(trust: &Trust) -> Self {
        match trust.confidence {
            None => Self::Unknown,
            Some(presence::Confidence::Doubtful) => Self::Doubtful,
            Some(presence::Confidence::Unanswered) => Self::Unanswered,
            Some(presence::Confidence::Live) => Self::Live,
        }
    }
}

/// The rules for the confidence in the state of a device, in addition to its own events.
#[derive(Clone, Copy)]
pub struct FreshnessPolicy<'a> {
    /// An online device whose last sign of life is before this instant is stale.
    pub silent_since: DateTime<Utc>,
    /// The progress of event-ingestor in each partition.
    pub progress: &'a IngestProgress,
}

impl FreshnessPolicy<'_> {
    /// The confidence in a device with this `trust`.
    pub fn confidence(self, trust: &Trust) -> Confidence {
        let is_silent = trust.online && trust.heard_at.is_some_and(|at| at < self.silent_since);
        match Confidence::of_heard(trust) {
            Confidence::Unknown => Confidence::Unknown,
            _ if self.progress.is_behind(trust.partition) => Confidence::Stale,
            Confidence::Live if is_silent => Confidence::Stale,
            heard => heard,
        }
    }

    /// Counts piles by confidence; a confidence without piles is absent.
    pub fn count<'t>(self, trust: impl IntoIterator<Item = (&'t Trust, i64)>) -> BTreeMap<Confidence, i64> {
        let mut counts = BTreeMap::new();
        for (trust, count) in trust {
            *counts.entry(self.confidence(trust)).or_default() += count;
        }
        counts
    }
}
