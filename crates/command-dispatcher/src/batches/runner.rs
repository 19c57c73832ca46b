//! Claims batches that no replica carries out. Every replica polls; a lease gives each batch to one
//! of them.

use super::Batches;
use crate::batches::run::{BatchRun, RunContext};
use crate::dispatch::dispatcher::Dispatcher;
use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use runtime::every;
use runtime::{Shutdown, causes};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Batches that a replica carries out at the same time, so that a slow one does not delay the
/// others.
const AT_ONCE: usize = 16;

/// Claims and carries out batches.
pub(crate) struct Runner {
    tools: RunContext,
    poll: Duration,
}

impl Runner {
    /// A runner that sends through `dispatcher`.
    pub(crate) fn new(
        batches: Batches,
        dispatcher: Arc<Dispatcher>,
        metrics: Metrics,
        settings: &DispatchSettings,
    ) -> Self {
        let lease = Duration::from_millis(settings.batch_lease_ms.max(100));
        Self {
            tools: RunContext { batches, dispatcher, metrics, lease },
            poll: Duration::from_millis(settings.batch_poll_ms.max(1)),
        }
    }

    /// Continues until asked to stop, and then until the commands in flight have an outcome.
    /// Unfinished batches are released.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let mut ticks = every(self.poll);
        let mut under_way = JoinSet::new();
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            while under_way.try_join_next().is_some() {}
            self.take_up(&mut under_way, &shutdown).await;
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn take_up(&self, under_way: &mut JoinSet<()>, shutdown: &Shutdown) {
        while under_way.len() < AT_ONCE && !shutdown.is_requested() {
            match self.tools.batches.claim(self.tools.lease).await {
                Ok(Some(claimed)) => {
                    under_way.spawn(BatchRun::new(self.tools.clone(), claimed, shutdown.clone()).run());
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(
                        error = causes(&error),
                        "command batches could not be claimed; retrying at the next poll"
                    );
                    return;
                }
            }
        }
    }
}
