//! Publishes the feed of changes from PostgreSQL to Kafka, for other services. One replica at a
//! time does so, the holder of the lease; another takes over when it stops or dies.
//!
//! The position is recorded after the broker's acknowledgement, so no change is omitted, but some
//! may be published twice: after a lost response, or by two relays when a lease expired. First
//! publications are in order; a consumer that skips ids that are not greater than the last one it
//! read from a partition sees each change exactly once.

mod lease;
mod metrics;
mod outgoing;
mod relay_loop;

pub(crate) use metrics::FeedMetrics;

use crate::settings::FeedSettings;
use relay_loop::RelayLoop;
use runtime::Backoff;
use runtime::kafka::Kafka;
use runtime::{Shutdown, causes};
use std::sync::Arc;
use std::time::Duration;
use storage::Database;
use storage::ingest::partitions::PartitionLease;
use uuid::Uuid;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The relay of a replica, active or on standby.
pub(crate) struct Relay {
    pub id: Uuid,
    pub settings: FeedSettings,
    /// How long the lease holds without renewal.
    pub lease: Duration,
    pub database: Database,
    pub kafka: Kafka,
    pub metrics: Arc<FeedMetrics>,
}

/// Why a relay that held the lease stopped publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// The relay was asked to stop.
    Stopped,
    /// Another replica has acquired the lease, or the row was changed.
    LeaseLost,
}

impl Relay {
    /// Publishes whenever it holds the lease, until asked to stop; then releases the lease.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        if !self.settings.enabled {
            tracing::info!("feed.enabled is false: this replica neither publishes nor prunes the feed");
            return;
        }
        let mut backoff = new_backoff();
        while !shutdown.is_requested() {
            match self.acquire_lease().await {
                Ok(Some(lease)) => {
                    backoff.reset();
                    self.publish_while_held(lease, &shutdown).await;
                }
                // Another replica holds the lease: try again as often as that one must renew it.
                Ok(None) => wait(&shutdown, self.lease / 4).await,
                Err(error) => {
                    tracing::warn!(
                        error = causes(&error),
                        pause_ms = backoff.peek().as_millis(),
                        "the feed's lease could not be acquired; retrying after the pause"
                    );
                    wait(&shutdown, backoff.pause()).await;
                }
            }
        }
    }

    /// Publishes for as long as the lease holds.
    async fn publish_while_held(&self, lease: PartitionLease, shutdown: &Shutdown) {
        tracing::info!(topic = %lease.topic, next = lease.next_offset, "this replica publishes the feed now");
        let mut relay_loop = RelayLoop::new(self, lease.clone());
        let ended = tokio::select! {
            () = self.renew_lease(&lease) => Ended::LeaseLost,
            ended = relay_loop.run(shutdown) => ended,
        };
        self.metrics.left();
        tracing::info!(topic = %lease.topic, ?ended, "this replica no longer publishes the feed");
        self.release_lease(lease).await;
    }
}

/// Waits, unless asked to stop.
async fn wait(shutdown: &Shutdown, pause: Duration) {
    shutdown.run_until_requested(tokio::time::sleep(pause)).await;
}

/// The pauses between attempts to lead or to publish.
fn new_backoff() -> Backoff {
    Backoff::new(FIRST_PAUSE, LONGEST_PAUSE)
}
