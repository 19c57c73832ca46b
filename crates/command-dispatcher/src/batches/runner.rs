//! Claims batches that no replica carries out. Every replica polls; a lease gives each batch to one
//! of them.

use super::Batches;
use crate::batches::pace::StationPaces;
use crate::batches::run::{BatchRun, RunContext};
use crate::dispatch::dispatcher::Dispatcher;
use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use runtime::every;
use runtime::{Shutdown, causes};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use storage::commands::batches::BatchLease;
use tokio::task::{self, JoinSet};

/// Batches that a replica carries out at the same time, so that a slow one does not delay the
/// others.
const AT_ONCE: usize = 16;

/// The batches that this replica carries out.
#[derive(Default)]
struct Runs {
    tasks: JoinSet<()>,
    /// The lease of each task.
    held: HashMap<task::Id, BatchLease>,
}

impl Runs {
    fn leases(&self) -> Vec<BatchLease> {
        self.held.values().copied().collect()
    }

    fn forget_ended(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let task = ended.map_or_else(|panicked| panicked.id(), |(task, ())| task);
            self.held.remove(&task);
        }
    }
}

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
            tools: RunContext { batches, dispatcher, metrics, paces: StationPaces::default(), lease },
            poll: Duration::from_millis(settings.batch_poll_ms.max(1)),
        }
    }

    /// Continues until asked to stop, and then until the commands in flight have an outcome.
    /// Unfinished batches are released.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let mut ticks = every(self.poll);
        let mut under_way = Runs::default();
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            under_way.forget_ended();
            self.take_up(&mut under_way, &shutdown).await;
        }
        while under_way.tasks.join_next().await.is_some() {}
    }

    async fn take_up(&self, under_way: &mut Runs, shutdown: &Shutdown) {
        while under_way.tasks.len() < AT_ONCE && !shutdown.is_requested() {
            match self.tools.batches.claim(self.tools.lease, under_way.leases()).await {
                Ok(Some(claimed)) => {
                    let lease = BatchLease { id: claimed.batch.id, epoch: claimed.epoch };
                    let run = BatchRun::new(self.tools.clone(), claimed, shutdown.clone()).run();
                    let task = under_way.tasks.spawn(run).id();
                    under_way.held.insert(task, lease);
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
