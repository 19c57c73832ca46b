//! The clocks of the pods: compares the times of events and of their records with when the records were appended, as the platform
//! concludes it.

use super::rule::Rule;
use super::tally::Tallies;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::GatewayId;
use domain::order::AppendClock;
use std::collections::BTreeMap;

/// Pods that are judged.
const MAX_PODS: usize = 1_000;
/// Events that say enough of a clock.
const ENOUGH: u64 = 5;

/// The clocks that were seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Clocks {
    pods: BTreeMap<GatewayId, Clock>,
    /// When the records of each partition were appended.
    partitions: BTreeMap<i32, AppendClock>,
}

/// The clock behind a pod's events.
#[derive(Debug, Clone, Copy)]
struct Clock {
    events: u64,
    /// How many of them are of a later time than when they were sent.
    early: u64,
    /// The least that an event was older; negative if it was of a later time.
    least: TimeDelta,
}

impl Clocks {
    /// When a record was appended that was read at `seen_at`; records of a partition are to be given in their order.
    pub(super) fn appended_at(
        &mut self,
        partition: i32,
        timestamp: DateTime<Utc>,
        seen_at: DateTime<Utc>,
    ) -> DateTime<Utc> {
        self.partitions.entry(partition).or_default().appended_at(timestamp, seen_at)
    }

    /// An event of that pod that was appended at `appended_at`, and the `clocks` that dated it: that of its record, and that of the
    /// event if it has one. `limit`: how far ahead is too far.
    pub(super) fn see(
        &mut self,
        pod: &GatewayId,
        clocks: [Option<DateTime<Utc>>; 2],
        appended_at: DateTime<Utc>,
        limit: TimeDelta,
    ) {
        if !self.pods.contains_key(pod) && self.pods.len() >= MAX_PODS {
            return;
        }
        let ages = clocks.into_iter().flatten().map(|clock| appended_at - clock);
        let Some(age) = ages.max_by_key(|age| age.abs()) else { return };
        let clock = self.pods.entry(pod.clone()).or_insert(Clock { events: 0, early: 0, least: age });
        clock.events += 1;
        clock.early += u64::from(age < -limit);
        clock.least = clock.least.min(age);
    }

    /// A clock goes wrong if most of the pod's events are too early, or all are too late; one
    /// device whose own clock goes wrong is not enough.
    pub(super) fn judge(&self, limit: TimeDelta, tallies: &mut Tallies) {
        for (pod, clock) in self.pods.iter().filter(|(_, clock)| clock.events >= ENOUGH) {
            let (is_ahead, is_behind) = (clock.early * 2 > clock.events, clock.least > limit);
            tallies.judge(Rule::ClockSkew, !is_ahead && !is_behind, || {
                let ms = clock.least.abs().num_milliseconds();
                let where_to = if is_ahead { "up to" } else { "at least" };
                let side = if is_ahead { "before" } else { "after" };
                format!(
                    "{pod}: {} events, sent {where_to} {ms} ms {side} the time of event or record",
                    clock.events
                )
            });
        }
    }
}
