//! What all tasks of a simulator share.

use super::Slot;
use crate::commands::{Outcome, ReceivedCommand, Seen};
use crate::device::TransactionIds;
use crate::directory::Directory;
use crate::error::SimulatorError;
use crate::history::History;
use crate::manners::Manners;
use crate::publisher::Publisher;
use crate::schedule::Schedule;
use crate::settings::SimulatorSettings;
use crate::statistics::{Counters, Statistics};
use domain::ids::{ChargePointId, CommandId, GatewayId};
use runtime::kafka::Kafka;
use runtime::redis::Redis;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Ids of commands that a pod remembers.
const COMMANDS_REMEMBERED: usize = 10_000;

/// Pods, devices, and what they reach the world through.
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
    /// Which pod holds a device: the truth behind the `conn:` keys.
    pub(super) held: Mutex<BTreeMap<ChargePointId, usize>>,
    command_partitions: Vec<i32>,
}

/// A gateway pod.
#[derive(Debug)]
pub(crate) struct Pod {
    pub(crate) id: GatewayId,
    /// The partition of the command topic that its name stands for.
    pub(crate) partition: i32,
    seen: Mutex<Seen>,
}

impl Core {
    pub(crate) async fn open(
        settings: SimulatorSettings,
        kafka: &Kafka,
        redis: Redis,
    ) -> Result<Self, SimulatorError> {
        let command_partitions = Box::pin(kafka.partitions(&settings.topics.commands)).await?;
        let pods = pods(&settings, command_partitions.len())?;
        let publisher = Publisher::open(kafka, &settings.topics.events, &settings.gateway).await?;
        Ok(Self {
            manners: settings.behaviour.manners(),
            pods,
            publisher,
            directory: Directory::new(redis, settings.gateway.conn_ttl()),
            schedule: Schedule::default(),
            commands: History::new(settings.gateway.history),
            transaction_ids: TransactionIds::beginning(runtime::clock::now()),
            slots: RwLock::default(),
            held: Mutex::default(),
            command_partitions,
            settings,
        })
    }

    pub(crate) fn pod(&self, number: usize) -> Option<&Pod> {
        self.pods.get(number)
    }

    /// The device's slot, if it was ever connected.
    pub(crate) fn slot(&self, id: &ChargePointId) -> Option<Arc<tokio::sync::Mutex<Slot>>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.get(id).cloned()
    }

    /// Which pods listen to which partition.
    pub(crate) fn listeners(&self) -> BTreeMap<i32, Vec<usize>> {
        if self.settings.gateway.read_all_partitions {
            let everybody: Vec<usize> = (0..self.pods.len()).collect();
            let partitions = self.command_partitions.iter();
            return partitions.map(|partition| (*partition, everybody.clone())).collect();
        }
        let mut listeners = BTreeMap::<i32, Vec<usize>>::new();
        for (number, pod) in self.pods.iter().enumerate() {
            listeners.entry(pod.partition).or_default().push(number);
        }
        listeners
    }

    pub(crate) fn is_new_command(&self, pod: usize, id: CommandId) -> bool {
        self.pod(pod).is_some_and(|pod| {
            let mut seen = pod.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.insert(id)
        })
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.publisher.counters
    }

    /// Counts what became of a command.
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
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let connected = u64::try_from(held.len()).unwrap_or(u64::MAX);
        self.counters().snapshot(connected)
    }
}

fn pods(settings: &SimulatorSettings, partitions: usize) -> Result<Vec<Pod>, SimulatorError> {
    let gateway = &settings.gateway;
    if gateway.pods == 0 {
        return Err(SimulatorError::Settings("gateway.pods must be at least 1".to_owned()));
    }
    let partitions = u16::try_from(partitions)
        .ok()
        .and_then(NonZeroU16::new)
        .ok_or_else(|| SimulatorError::Settings("topics.commands has no usable partitions".to_owned()))?;
    let pod = |number: usize| {
        let id = GatewayId::parse(&format!("{}{number}", gateway.pod_prefix))
            .map_err(|error| SimulatorError::Settings(format!("gateway.pod_prefix: {error}")))?;
        Ok(Pod {
            partition: gateway.routing_hash.partition(id.as_str(), partitions),
            id,
            seen: Mutex::new(Seen::new(COMMANDS_REMEMBERED)),
        })
    };
    (0..gateway.pods).map(pod).collect()
}
