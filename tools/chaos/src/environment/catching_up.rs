//! Waiting for ingestors that are behind. Traffic that this machine cannot take slows down.

use super::{Environment, TIMEOUT};
use crate::lag::Backlog;
use crate::waiting::wait_until;
use anyhow::bail;
use gateway_simulator::LoadPace;
use std::time::Duration;

/// Records of one partition that may always be in flight, however slow the traffic.
const ALWAYS_IN_FLIGHT: i64 = 20;
/// The time in which ingestors catch up under the full traffic on a machine that can take it.
const PATIENCE: Duration = Duration::from_secs(20);
/// The least percentage of the traffic, so that faults still meet some.
const LEAST_PERCENT: u32 = 25;

impl Environment {
    /// Whether every partition is at most about a second behind.
    #[must_use]
    pub fn is_caught_up(&self, backlog: Backlog) -> bool {
        backlog.largest
            <= (self.plan.records_per_second() / i64::from(self.plan.partitions)).max(ALWAYS_IN_FLIGHT)
    }

    /// Waits until every partition is held by a running ingestor, the shares are even, and the
    /// ingestors have caught up.
    ///
    /// # Errors
    /// When that takes longer than [`TIMEOUT`].
    pub async fn wait_until_caught_up(&self) -> anyhow::Result<Duration> {
        let caught_up = async || {
            let backlog = self.backlog().await?;
            if !self.is_caught_up(backlog) {
                bail!("{backlog:?}");
            }
            self.is_shared().await
        };
        self.wait_for_ingestors("the ingestors to share the partitions and catch up", caught_up).await
    }

    /// How many events are sent per second now.
    pub(crate) fn events_per_second(&self) -> f64 {
        f64::from(self.plan.pace.events_per_second) * f64::from(self.slowed.percent()) / 100.0
    }

    /// Waits until `caught_up` holds. If that takes long, the traffic pauses until then, and
    /// continues at half its pace: otherwise a backlog would never end on a slow machine.
    ///
    /// # Errors
    /// When that takes longer than [`TIMEOUT`].
    pub(crate) async fn wait_for_ingestors(
        &self,
        what: &str,
        caught_up: impl AsyncFn() -> anyhow::Result<bool>,
    ) -> anyhow::Result<Duration> {
        let mut waiting = Box::pin(wait_until(what, TIMEOUT, caught_up));
        if let Ok(waited) = tokio::time::timeout(PATIENCE, &mut waiting).await {
            return waited;
        }
        let percent = (self.slowed.percent() / 2).max(LEAST_PERCENT);
        self.output.progress(&format!(
            "too much traffic for this machine: it pauses, then continues at {percent} %"
        ));
        self.slowed.set(0);
        let waited = waiting.await;
        self.slowed.set(percent);
        waited
    }

    /// Lets the traffic be as much as planned again.
    pub(super) fn restore_pace(&self) {
        self.slowed.set(LoadPace::FULL);
    }
}
