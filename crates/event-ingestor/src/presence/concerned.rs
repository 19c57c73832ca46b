//! Devices that a silent gateway concerns: found once a second for all partitions of this replica, and judged by each partition's
//! owner.

use crate::metrics::Metrics;
use domain::ids::ChargePointId;
use runtime::{Shutdown, causes};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use storage::presence::{concerned, gateways};
use storage::{Database, PooledConnection, StorageError};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::MissedTickBehavior;

/// How often to look.
const INTERVAL: Duration = Duration::from_secs(1);
/// At most this many devices are judged in a second, so that the database and the feed never get all devices of a gateway at
/// once. A gateway with 10,000 devices takes nine seconds; with more per second, the events of other devices wait measurably.
const AT_ONCE: i64 = 1_200;

/// Devices by the partition that last spoke of them, waiting for its owner to judge them.
#[derive(Debug)]
pub(crate) struct Concerned {
    waiting: Mutex<BTreeMap<i32, Vec<ChargePointId>>>,
    turn: Semaphore,
}

impl Default for Concerned {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turn: Semaphore::new(1) }
    }
}

impl Concerned {
    /// The right to judge, which one partition has at a time; `None` while another has it. It is not a turn of the records, so
    /// that no record waits behind thousands of devices of other partitions.
    pub(crate) fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turn.try_acquire().ok()
    }

    /// Whether devices of `partition` wait.
    pub(crate) fn has(&self, partition: i32) -> bool {
        self.locked().contains_key(&partition)
    }

    /// Takes at most `limit` of the devices of `partition`.
    pub(crate) fn take(&self, partition: i32, limit: usize) -> Vec<ChargePointId> {
        let mut waiting = self.locked();
        let Some(devices) = waiting.get_mut(&partition) else { return Vec::new() };
        let taken = devices.split_off(devices.len().saturating_sub(limit));
        if devices.is_empty() {
            waiting.remove(&partition);
        }
        taken
    }

    /// Looks for such devices until asked to stop. While no gateway is suspected and no device is doubtful, a look is one statement
    /// on a small table.
    pub(crate) async fn keep_looking(
        self: Arc<Self>,
        database: Database,
        metrics: Arc<Metrics>,
        answer: Duration,
        shutdown: Shutdown,
    ) {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watched = Watched::default();
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            let owned = metrics.owned();
            self.locked().retain(|partition, _| owned.contains(partition));
            // What was found before is judged first.
            if owned.is_empty() || !self.locked().is_empty() {
                continue;
            }
            // Of partitions that were taken over it is not known whether any of their devices is doubtful.
            if watched.partitions != owned {
                watched = Watched { partitions: owned, has_doubtful: true };
            }
            match look(&database, watched.clone(), answer).await {
                Ok((found, has_doubtful)) => {
                    watched.has_doubtful = has_doubtful;
                    let mut waiting = self.locked();
                    for (partition, device) in found {
                        waiting.entry(partition).or_default().push(device);
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        error = causes(&error),
                        "suspected gateways could not be read: retrying in 1 s"
                    );
                }
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<i32, Vec<ChargePointId>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The partitions that were looked at last, and whether any device of theirs was doubtful.
#[derive(Debug, Clone, Default)]
struct Watched {
    partitions: Vec<i32>,
    has_doubtful: bool,
}

/// The devices that are concerned, and whether another look is needed even if no gateway is suspected by then.
async fn look(
    database: &Database,
    watched: Watched,
    answer: Duration,
) -> Result<(Vec<(i32, ChargePointId)>, bool), StorageError> {
    let look = async move |mut connection: PooledConnection| {
        let Watched { partitions, has_doubtful } = watched;
        let suspected = gateways::list_suspected(&mut connection).await?;
        if suspected.is_empty() && !has_doubtful {
            return Ok((Vec::new(), false));
        }
        let found = concerned::list(&mut connection, &partitions, &suspected, answer, AT_ONCE).await?;
        let goes_on = !suspected.is_empty() || !found.is_empty();
        let has_doubtful = goes_on || concerned::has_doubtful(&mut connection, &partitions).await?;
        Ok((found, has_doubtful))
    };
    database.run(look).await
}
