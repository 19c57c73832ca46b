//! How far the shown state of a device can be trusted.

use super::progress::IngestProgress;
use chrono::{DateTime, Utc};
use domain::devices::presence;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use storage::assets::availability::Trust;

/// How far what is shown can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// It is so, as far as anyone knows.
    Live,
    /// The device should have been heard since, and nobody has said yet that it is gone; or there may be more to know, for
    /// ingestors are behind.
    Stale,
    /// It may be otherwise: the device is online, but its gateway is silent; or it is offline because of silence alone, for it could
    /// not be asked.
    Doubtful,
    /// The device is offline: it was asked for a sign of life and sent none.
    Unanswered,
    /// The device was never heard.
    Unknown,
}

/// What decides how far the state of a device can be trusted, besides its own events.
#[derive(Clone, Copy)]
pub struct FreshnessPolicy<'a> {
    /// An online device that was last heard before this is stale.
    pub silent_since: DateTime<Utc>,
    /// How far ingestors have read each partition.
    pub progress: &'a IngestProgress,
}

impl FreshnessPolicy<'_> {
    /// The confidence in devices with this `trust`.
    pub fn confidence(self, trust: &Trust) -> Confidence {
        let is_silent = trust.online && trust.heard_at.is_some_and(|at| at < self.silent_since);
        match trust.confidence {
            None => Confidence::Unknown,
            Some(_) if self.progress.is_behind(trust.partition) => Confidence::Stale,
            Some(presence::Confidence::Doubtful) => Confidence::Doubtful,
            Some(presence::Confidence::Unanswered) => Confidence::Unanswered,
            Some(presence::Confidence::Live) if is_silent => Confidence::Stale,
            Some(presence::Confidence::Live) => Confidence::Live,
        }
    }

    /// Counts by confidence; values without a pile are absent.
    pub fn count<'t>(self, trust: impl IntoIterator<Item = (&'t Trust, i64)>) -> BTreeMap<Confidence, i64> {
        let mut counts = BTreeMap::new();
        for (trust, count) in trust {
            *counts.entry(self.confidence(trust)).or_default() += count;
        }
        counts
    }
}
