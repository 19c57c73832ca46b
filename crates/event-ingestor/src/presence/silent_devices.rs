//! Devices that are silent, or whose gateway is: found for all partitions of this replica at once,
//! and judged by each partition's task.

mod quiet;

use crate::metrics::Metrics;
use domain::ids::ChargePointId;
use quiet::QuietDevices;
use runtime::every;
use runtime::lock::MutexExt as _;
use runtime::{Shutdown, causes};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use storage::devices::presence::silence::SilencePolicy;
use storage::devices::presence::{gateways, silent_devices};
use storage::{Database, PooledConnection, StorageError};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How often devices of silent gateways are searched.
const INTERVAL: Duration = Duration::from_secs(1);
/// The shortest interval, whatever the setting.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(50);
/// The most devices that are judged per second, so that the database and the feed never get all
/// devices of a gateway at once. A gateway with 10,000 devices takes nine seconds; with a higher
/// rate, events of other devices wait measurably.
const AT_ONCE: i64 = 1_200;

/// Devices by the partition of their newest event, waiting for its owner to judge them.
#[derive(Debug)]
pub(crate) struct SilentDevices {
    waiting: Mutex<BTreeMap<i32, Vec<ChargePointId>>>,
    turn: Semaphore,
}

impl Default for SilentDevices {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turn: Semaphore::new(1) }
    }
}

impl SilentDevices {
    /// The right to judge, which one partition has at a time; `None` while another has it. It is
    /// separate from the turns for records, so that no record waits behind thousands of devices of
    /// other partitions.
    pub(crate) fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turn.try_acquire().ok()
    }

    /// Whether devices of `partition` wait.
    pub(crate) fn has(&self, partition: i32) -> bool {
        self.locked().contains_key(&partition)
    }

    /// Removes and returns at most `limit` of the devices of `partition`.
    pub(crate) fn take(&self, partition: i32, limit: usize) -> Vec<ChargePointId> {
        let mut waiting = self.locked();
        let Some(devices) = waiting.get_mut(&partition) else { return Vec::new() };
        let taken = devices.split_off(devices.len().saturating_sub(limit));
        if devices.is_empty() {
            waiting.remove(&partition);
        }
        taken
    }

    /// Searches for such devices until asked to stop. While no gateway is suspected and no device
    /// is doubtful, a search is one statement on a small table; every `check` another one reads the
    /// rows of devices that may be silent themselves.
    pub(crate) async fn keep_looking(
        self: Arc<Self>,
        database: Database,
        metrics: Arc<Metrics>,
        policy: SilencePolicy,
        check: Duration,
        shutdown: Shutdown,
    ) {
        let mut ticks = every(check.clamp(SHORTEST_INTERVAL, INTERVAL));
        let mut search = Search::new(policy, check);
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            let owned = metrics.owned();
            let free = self.without_waiting(&owned);
            search.watch(owned);
            if free.is_empty() {
                continue;
            }
            match search.find(&database, free).await {
                Ok(found) => {
                    let mut waiting = self.locked();
                    for (partition, device) in found {
                        waiting.entry(partition).or_default().push(device);
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        error = causes(&error),
                        "silent devices and gateways could not be read; retrying in 1 s"
                    );
                }
            }
        }
    }

    /// The partitions of `owned` without waiting devices: earlier findings are judged first.
    /// Devices of other partitions are dropped.
    fn without_waiting(&self, owned: &[i32]) -> Vec<i32> {
        let mut waiting = self.locked();
        waiting.retain(|partition, _| owned.contains(partition));
        owned.iter().filter(|partition| !waiting.contains_key(partition)).copied().collect()
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<i32, Vec<ChargePointId>>> {
        self.waiting.locked()
    }
}

/// A search, with what is known from the previous one.
#[derive(Debug)]
struct Search {
    policy: SilencePolicy,
    /// How often devices that are silent themselves are searched.
    check: Duration,
    silent_at: Instant,
    /// The partitions of this replica.
    owned: Vec<i32>,
    /// Whether one of their devices is, or may be, doubtful.
    has_doubtful: bool,
    /// Their devices that may soon be silent themselves.
    quiet: QuietDevices,
}

impl Search {
    fn new(policy: SilencePolicy, check: Duration) -> Self {
        Self {
            policy,
            check,
            silent_at: Instant::now() + check,
            owned: Vec::new(),
            has_doubtful: false,
            quiet: QuietDevices::default(),
        }
    }

    /// Records the partitions of this replica. It is not known whether devices of new partitions
    /// are doubtful.
    fn watch(&mut self, owned: Vec<i32>) {
        if self.owned != owned {
            self.owned = owned;
            self.has_doubtful = true;
            self.quiet = QuietDevices::default();
        }
    }

    /// Finds silent devices of `partitions`, each with its partition.
    async fn find(
        &mut self,
        database: &Database,
        partitions: Vec<i32>,
    ) -> Result<Vec<(i32, ChargePointId)>, StorageError> {
        let is_all = partitions.len() == self.owned.len();
        let (found, has_doubtful) = self.of_gateways(database, partitions.clone()).await?;
        self.has_doubtful = has_doubtful || !is_all && self.has_doubtful;
        if !found.is_empty() || Instant::now() < self.silent_at {
            return Ok(found);
        }
        let found = self.quiet.find_silent(database, &self.owned, partitions, self.policy).await?;
        let there_may_be_more = i64::try_from(found.len()).is_ok_and(|found| found >= AT_ONCE);
        if !there_may_be_more {
            self.silent_at = Instant::now() + self.check;
        }
        Ok(found)
    }

    /// Finds devices of silent gateways; also returns whether another search is needed even if no
    /// gateway is suspected by then.
    async fn of_gateways(
        &self,
        database: &Database,
        partitions: Vec<i32>,
    ) -> Result<(Vec<(i32, ChargePointId)>, bool), StorageError> {
        let (has_doubtful, answer) = (self.has_doubtful, self.policy.answer);
        let search = async move |mut connection: PooledConnection| {
            let suspected = gateways::list_suspected(&mut connection).await?;
            if suspected.is_empty() && !has_doubtful {
                return Ok((Vec::new(), false));
            }
            let found =
                silent_devices::list(&mut connection, &partitions, &suspected, answer, AT_ONCE).await?;
            let continues = !suspected.is_empty() || !found.is_empty();
            let has_doubtful =
                continues || silent_devices::has_doubtful(&mut connection, &partitions).await?;
            Ok((found, has_doubtful))
        };
        database.run(search).await
    }
}
