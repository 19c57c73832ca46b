//! Postgres → Kafka: publishes the feed of changes, for other services. One replica at a time does it, whichever holds the
//! lease; another takes over when it stops or dies.
//!
//! What was published is noted after it was acknowledged, so nothing is left out and some may be published twice: after a
//! lost answer, or by two relays when a lease ran out. All that is published the first time is in order; who skips what is
//! not greater than the last id read from a partition sees each change once.

mod lease;
mod metrics;
mod outgoing;
mod pump;

pub(crate) use metrics::FeedMetrics;

use crate::settings::FeedSettings;
use pump::Pump;
use runtime::kafka::Kafka;
use runtime::{Shutdown, causes};
use std::sync::Arc;
use std::time::Duration;
use storage::Database;
use storage::ingest::partitions::PartitionLease;
use uuid::Uuid;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The relay of one replica, at work or standing by.
pub(crate) struct Relay {
    pub id: Uuid,
    pub settings: FeedSettings,
    /// How long the lease holds without a sign.
    pub lease: Duration,
    pub database: Database,
    pub kafka: Kafka,
    pub metrics: Arc<FeedMetrics>,
}

/// Why a relay that held the lease stopped publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// It was asked to.
    Stopped,
    /// Another replica has taken the lease, or the row was moved.
    LeaseLost,
}

impl Relay {
    /// Publishes whenever it holds the lease, until asked to stop; gives the lease back then.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        if !self.settings.enabled {
            tracing::info!("the feed is not relayed by this replica, and not pruned");
            return;
        }
        let mut pause = FIRST_PAUSE;
        while !shutdown.is_requested() {
            match self.take().await {
                Ok(Some(lease)) => {
                    pause = FIRST_PAUSE;
                    self.hold(lease, &shutdown).await;
                }
                // Another one holds it: look again as often as that one must give a sign.
                Ok(None) => wait(&shutdown, self.lease / 4).await,
                Err(error) => {
                    tracing::warn!(
                        error = causes(&error),
                        pause_ms = pause.as_millis(),
                        "the feed's lease cannot be taken"
                    );
                    back_off(&shutdown, &mut pause).await;
                }
            }
        }
    }

    /// Publishes for as long as the lease holds.
    async fn hold(&self, lease: PartitionLease, shutdown: &Shutdown) {
        tracing::info!(topic = %lease.topic, next = lease.next_offset, "the feed is relayed from here");
        let mut pump = Pump::new(self, lease.clone());
        let ended = tokio::select! {
            () = self.keep(&lease) => Ended::LeaseLost,
            ended = pump.run(shutdown) => ended,
        };
        self.metrics.left();
        tracing::info!(topic = %lease.topic, ?ended, "the feed is not relayed from here any more");
        self.give_back(lease).await;
    }
}

/// Waits, unless asked to stop.
async fn wait(shutdown: &Shutdown, pause: Duration) {
    shutdown.run_until_requested(tokio::time::sleep(pause)).await;
}

/// Waits, longer each time, unless asked to stop.
async fn back_off(shutdown: &Shutdown, pause: &mut Duration) {
    wait(shutdown, *pause).await;
    *pause = (*pause * 2).min(LONGEST_PAUSE);
}
