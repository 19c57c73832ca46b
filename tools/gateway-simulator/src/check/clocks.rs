//! The clocks of the pods: compares the times of events and records with the times at which the
//! records were appended, which are inferred like in the platform.

use super::rule::Rule;
use super::tally::Tallies;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::GatewayId;
use domain::order::AppendClock;
use std::collections::BTreeMap;

/// The greatest number of pods that are judged.
const MAX_PODS: usize = 1_000;
/// The number of events that suffices to judge a clock.
const ENOUGH: u64 = 5;

/// The observed clocks.
#[derive(Debug, Clone, Default)]
pub(super) struct Clocks {
    pods: BTreeMap<GatewayId, Clock>,
    /// The append clock of each partition.
    partitions: BTreeMap<i32, AppendClock>,
}

/// The clock that dates a pod's events.
#[derive(Debug, Clone, Copy)]
struct Clock {
    events: u64,
    /// How many events are dated later than they were sent.
    early: u64,
    /// The least age of an event when it was sent; negative if it was dated later.
    least: TimeDelta,
}

impl Clocks {
    /// When a record was appended that was read at `seen_at`. The records of a partition must be
    /// given in their order.
    pub(super) fn appended_at(
        &mut self,
        partition: i32,
        timestamp: DateTime<Utc>,
        seen_at: DateTime<Utc>,
    ) -> DateTime<Utc> {
        self.partitions.entry(partition).or_default().appended_at(timestamp, seen_at)
    }

    /// Adds an event of the pod that was appended at `appended_at`, with the `clocks` that dated
    /// it: that of its record, and that of the event if it has one. `limit` is the tolerated lead.
    pub(super) fn observe_event(
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

    /// A clock is wrong if most of the pod's events are too early, or all are too late; one device
    /// with a wrong clock is not enough.
    pub(super) fn judge(&self, limit: TimeDelta, tallies: &mut Tallies) {
        for (pod, clock) in self.pods.iter().filter(|(_, clock)| clock.events >= ENOUGH) {
            let (is_ahead, is_behind) = (clock.early * 2 > clock.events, clock.least > limit);
            tallies.judge(Rule::ClockSkew, !is_ahead && !is_behind, || {
                let ms = clock.least.abs().num_milliseconds();
                let bound = if is_ahead { "up to" } else { "at least" };
                let side = if is_ahead { "before" } else { "after" };
                format!(
                    "{pod}: {} events, sent {bound} {ms} ms {side} the time of event or record",
                    clock.events
                )
            });
        }
    }
}
