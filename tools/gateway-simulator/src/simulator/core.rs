//! The state that all tasks of a simulator share.

use super::{Pod, Slot};
use crate::commands::{Claims, Outcome, ReceivedCommand};
use crate::device::TransactionIds;
use crate::directory::Directory;
use crate::error::SimulatorError;
use crate::history::History;
use crate::manners::Manners;
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
    pub(crate) manners: Manners,
    pub(crate) pods: Vec<Pod>,
    pub(crate) publisher: Publisher,
    pub(crate) directory: Directory,
    pub(crate) schedule: Schedule,
    pub(crate) commands: History<ReceivedCommand>,
    pub(crate) transaction_ids: TransactionIds,
    pub(super) slots: RwLock<HashMap<ChargePointId, Arc<tokio::sync::Mutex<Slot>>>>,
    /// The pod that really holds each device, from which the `conn:` keys are written.
    pub(super) held: Mutex<BTreeMap<ChargePointId, usize>>,
    claims: Mutex<Claims>,
}

/// Charge points that connect or disconnect concurrently.
const AT_ONCE: usize = 64;
/// The same if each of them waits until the producer is flushed.
const AT_ONCE_WHEN_FLUSHED: usize = 2_000;

impl Core {
    pub(crate) async fn open(
        settings: SimulatorSettings,
        kafka: &Kafka,
        redis: Redis,
    ) -> Result<Self, SimulatorError> {
        let command_partitions = Box::pin(kafka.partitions(&settings.topics.commands)).await?;
        let pods = Pod::all(&settings, command_partitions.len())?;
        let manners = settings.behaviour.manners();
        let flush = Duration::from_millis(settings.gateway.flush_ms);
        let flush = Some(flush).filter(|flush| manners.is_deployed() && !flush.is_zero());
        let publisher = Publisher::open(kafka, &settings.topics.events, &settings.gateway, flush).await?;
        Ok(Self {
            manners,
            claims: Mutex::new(claims(&settings, &pods, command_partitions)),
            pods,
            publisher,
            directory: Directory::new(redis, settings.gateway.conn_ttl()),
            schedule: Schedule::default(),
            commands: History::new(settings.gateway.history),
            transaction_ids: manners.transaction_ids(runtime::clock::now()),
            slots: RwLock::default(),
            held: Mutex::default(),
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
    pub(super) const fn at_once(&self) -> usize {
        if self.manners.is_deployed() { AT_ONCE_WHEN_FLUSHED } else { AT_ONCE }
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
            Outcome::Accepted => self.counters().commands_accepted.one(),
            Outcome::Rejected(_) => self.counters().commands_rejected.one(),
            Outcome::Expired => self.counters().commands_expired.one(),
            Outcome::Repeated => self.counters().commands_repeated.one(),
        }
        outcome
    }

    pub(crate) fn statistics(&self) -> Statistics {
        let held = self.held.locked();
        let connected = u64::try_from(held.len()).unwrap_or(u64::MAX);
        self.counters().snapshot(connected)
    }
}

/// In the contract's manner, the pods' ids determine which partitions they read; in the deployed
/// manner, Kafka assigns them.
fn claims(settings: &SimulatorSettings, pods: &[Pod], partitions: Vec<i32>) -> Claims {
    let gateway = &settings.gateway;
    if settings.behaviour.manners().is_deployed() {
        let session = TimeDelta::milliseconds(gateway.group_session_ms.into());
        return Claims::of_groups(gateway.command_groups, session, partitions, pods.len());
    }
    if gateway.read_all_partitions {
        return Claims::of_all(&partitions, pods.len());
    }
    Claims::by_hash(pods.iter().map(|pod| pod.partition))
}
