//! The state that all tasks of a simulator share.

use super::{Pod, Slot};
use crate::behaviour::Behaviour;
use crate::commands::{Claims, Outcome, ReceivedCommand};
use crate::device::TransactionIds;
use crate::directory::Directory;
use crate::error::SimulatorError;
use crate::history::History;
use crate::publisher::Publisher;
use crate::schedule::Schedule;
use crate::settings::SimulatorSettings;
use crate::statistics::{Counters, Statistics};
use chrono::TimeDelta;
use domain::ids::{ChargePointId, CommandId};
use runtime::kafka::Kafka;
use runtime::lock::{MutexExt as _, RwLockExt as _};
use runtime::redis::Redis;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::time::Duration;

/// Pods, devices, and the clients of Kafka and Redis.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) settings: SimulatorSettings,
    pub(crate) behaviour: Behaviour,
    pub(crate) pods: Vec<Pod>,
    pub(crate) publisher: Publisher,
    pub(crate) directory: Directory,
    pub(crate) schedule: Schedule,
    pub(crate) commands: History<ReceivedCommand>,
    pub(crate) transaction_ids: TransactionIds,
    pub(super) slots: RwLock<HashMap<ChargePointId, Arc<tokio::sync::Mutex<Slot>>>>,
    /// The pod that holds each connected device; the `conn:` keys are written from it.
    pub(super) holders: Mutex<BTreeMap<ChargePointId, usize>>,
    claims: Mutex<Claims>,
}

/// Charge points that connect or disconnect concurrently.
const MAX_CONCURRENT: usize = 64;
/// The same if each of them waits until the producer is flushed.
const MAX_CONCURRENT_WHEN_FLUSHED: usize = 2_000;

impl Core {
    pub(crate) async fn open(
        settings: SimulatorSettings,
        kafka: &Kafka,
        redis: Redis,
    ) -> Result<Self, SimulatorError> {
        let command_partitions = Box::pin(kafka.partitions(&settings.topics.commands)).await?;
        let pods = Pod::all(&settings, command_partitions.len())?;
        let behaviour = settings.behaviour.effective();
        let flush = Duration::from_millis(settings.gateway.flush_ms);
        let flush = Some(flush).filter(|flush| behaviour.is_deployed() && !flush.is_zero());
        let publisher = Publisher::open(kafka, &settings.topics.events, &settings.gateway, flush).await?;
        Ok(Self {
            behaviour,
            claims: Mutex::new(claims(&settings, &pods, command_partitions)),
            pods,
            publisher,
            directory: Directory::new(redis, settings.gateway.conn_ttl()),
            schedule: Schedule::default(),
            commands: History::new(settings.gateway.history),
            transaction_ids: behaviour.transaction_ids(runtime::clock::now()),
            slots: RwLock::default(),
            holders: Mutex::default(),
            settings,
        })
    }

    pub(crate) fn pod(&self, number: usize) -> Option<&Pod> {
        self.pods.get(number)
    }

    /// The device's slot, if it was ever connected.
    pub(crate) fn slot(&self, id: &ChargePointId) -> Option<Arc<tokio::sync::Mutex<Slot>>> {
        let slots = self.slots.reading();
        slots.get(id).cloned()
    }

    /// Locks the claims of pods on partitions of the command topic.
    pub(crate) fn claims(&self) -> MutexGuard<'_, Claims> {
        self.claims.locked()
    }

    /// How many charge points may connect or disconnect concurrently.
    pub(super) const fn max_concurrent(&self) -> usize {
        if self.behaviour.is_deployed() { MAX_CONCURRENT_WHEN_FLUSHED } else { MAX_CONCURRENT }
    }

    pub(crate) fn is_new_command(&self, pod: usize, id: CommandId) -> bool {
        self.pod(pod).is_some_and(|pod| pod.is_new_command(id))
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.publisher.counters
    }

    /// Counts the outcome of a command.
    pub(crate) fn count(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Accepted => self.counters().commands_accepted.increment(),
            Outcome::Rejected(_) => self.counters().commands_rejected.increment(),
            Outcome::Expired => self.counters().commands_expired.increment(),
            Outcome::Repeated => self.counters().commands_repeated.increment(),
        }
        outcome
    }

    pub(crate) fn statistics(&self) -> Statistics {
        let holders = self.holders.locked();
        let connected = u64::try_from(holders.len()).unwrap_or(u64::MAX);
        self.counters().snapshot(connected)
    }
}

/// In the contract's manner, the pods' ids determine which partitions they read; in the deployed
/// manner, Kafka assigns them.
fn claims(settings: &SimulatorSettings, pods: &[Pod], partitions: Vec<i32>) -> Claims {
    let gateway = &settings.gateway;
    if settings.behaviour.effective().is_deployed() {
        let session = TimeDelta::milliseconds(gateway.group_session_ms.into());
        return Claims::by_groups(gateway.command_groups, session, partitions, pods.len());
    }
    if gateway.read_all_partitions {
        return Claims::of_all_partitions(&partitions, pods.len());
    }
    Claims::by_hash(pods.iter().map(|pod| pod.partition))
}
