//! The clocks of the pods: compares the times of events with the times of their records.

use super::rule::Rule;
use super::tally::Tallies;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::GatewayId;
use std::collections::BTreeMap;

/// Pods that are judged.
const MAX_PODS: usize = 1_000;
/// Events that say enough of a clock.
const ENOUGH: u64 = 5;

/// The clocks that were seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Clocks(BTreeMap<GatewayId, Clock>);

/// The clock behind a pod's events.
#[derive(Debug, Clone, Copy)]
struct Clock {
    events: u64,
    /// How many of them are of a later time than their records.
    early: u64,
    /// The least that an event was older than its record; negative if it was of a later time.
    least: TimeDelta,
}

impl Clocks {
    /// An event of that pod, its time and that of its record. `limit`: how far ahead is too far.
    pub(super) fn see(
        &mut self,
        pod: &GatewayId,
        claimed_at: DateTime<Utc>,
        appended_at: DateTime<Utc>,
        limit: TimeDelta,
    ) {
        if !self.0.contains_key(pod) && self.0.len() >= MAX_PODS {
            return;
        }
        let age = appended_at - claimed_at;
        let clock = self.0.entry(pod.clone()).or_insert(Clock { events: 0, early: 0, least: age });
        clock.events += 1;
        clock.early += u64::from(age < -limit);
        clock.least = clock.least.min(age);
    }

    /// A clock goes wrong if most of the pod's events are too early, or all are too late; one
    /// device whose own clock goes wrong is not enough.
    pub(super) fn judge(&self, limit: TimeDelta, tallies: &mut Tallies) {
        for (pod, clock) in self.0.iter().filter(|(_, clock)| clock.events >= ENOUGH) {
            let (is_ahead, is_behind) = (clock.early * 2 > clock.events, clock.least > limit);
            tallies.judge(Rule::ClockSkew, !is_ahead && !is_behind, || {
                let ms = clock.least.abs().num_milliseconds();
                let where_to = if is_ahead { "up to" } else { "at least" };
                let side = if is_ahead { "ahead of" } else { "behind" };
                format!("{pod}: {} events, {where_to} {ms} ms {side} their records", clock.events)
            });
        }
    }
}
