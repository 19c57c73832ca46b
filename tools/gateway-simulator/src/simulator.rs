//! The simulator: pods and devices in one process.

mod actions;
mod background;
mod core;
mod devices;
mod moves;
mod pod;
mod pods;
mod publish;
mod slot;

pub use moves::{Disconnection, KeyFate};
pub use pods::Reconnect;

pub(crate) use self::core::Core;
pub(crate) use pod::Pod;
pub(crate) use slot::{Origin, Slot};

use crate::commands::{CommandReader, ReceivedCommand};
use crate::error::SimulatorError;
use crate::publisher::SentEvent;
use crate::settings::SimulatorSettings;
use crate::statistics::Statistics;
use domain::ids::{ChargePointId, GatewayId};
use runtime::Shutdown;
use runtime::kafka::Kafka;
use runtime::redis::Redis;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Gateway pods with their charge points. Everything stops when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    pub(crate) core: Arc<Core>,
    stop: CancellationToken,
    tasks: TaskTracker,
    _stop_on_drop: DropGuard,
}

impl Simulator {
    /// Starts the pods. When this returns, a command that is published from now on is received.
    ///
    /// # Errors
    /// When the settings are invalid, or Kafka does not know the topics.
    pub async fn start(
        settings: SimulatorSettings,
        kafka: Kafka,
        redis: Redis,
        shutdown: Shutdown,
    ) -> Result<Self, SimulatorError> {
        let core = Arc::new(Core::open(settings, &kafka, redis).await?);
        let readers = open_readers(&core, &kafka).await?;
        let stop = shutdown.token();
        let tasks = TaskTracker::new();
        for reader in readers {
            let work = reader.run(Arc::clone(&core));
            let stop = stop.clone();
            tasks.spawn(async move { stop.run_until_cancelled(work).await });
        }
        for work in background::tasks(&core) {
            let stop = stop.clone();
            tasks.spawn(async move { stop.run_until_cancelled(work).await });
        }
        tasks.close();
        let _stop_on_drop = stop.clone().drop_guard();
        Ok(Self { core, stop, tasks, _stop_on_drop })
    }

    /// Stops the pods without reporting disconnections. Returns when everything sent is
    /// acknowledged or has failed.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
        self.core.publisher.close().await;
    }

    /// The pods' ids, in order.
    #[must_use]
    pub fn pods(&self) -> Vec<GatewayId> {
        self.core.pods.iter().map(|pod| pod.id.clone()).collect()
    }

    /// The partition of the command topic that the hash of this pod selects.
    #[must_use]
    pub fn command_partition(&self, pod: usize) -> Option<i32> {
        self.core.pod(pod).map(|pod| pod.partition)
    }

    /// The pod to which a charge point is connected.
    pub async fn pod_of(&self, charge_point_id: &ChargePointId) -> Option<GatewayId> {
        let slot = self.core.slot(charge_point_id)?;
        let slot = slot.lock().await;
        let pod = self.core.pod(slot.pod)?;
        slot.is_online().then(|| pod.id.clone())
    }

    /// The commands that pods received recently, in order.
    #[must_use]
    pub fn commands(&self) -> Vec<Arc<ReceivedCommand>> {
        self.core.commands.all()
    }

    /// The first received command that is `wanted`; waits for it if necessary.
    ///
    /// # Errors
    /// [`SimulatorError::TimedOut`]
    pub async fn wait_for_command(
        &self,
        wanted: impl FnMut(&ReceivedCommand) -> bool,
        within: Duration,
    ) -> Result<Arc<ReceivedCommand>, SimulatorError> {
        self.core.commands.wait_for(wanted, within).await
    }

    /// The recently acknowledged events, in the order of their acknowledgement, whatever caused
    /// them.
    #[must_use]
    pub fn events(&self) -> Vec<Arc<SentEvent>> {
        self.core.publisher.history.all()
    }

    /// The first acknowledged event that is `wanted`; waits for it if necessary.
    ///
    /// # Errors
    /// [`SimulatorError::TimedOut`]
    pub async fn wait_for_event(
        &self,
        wanted: impl FnMut(&SentEvent) -> bool,
        within: Duration,
    ) -> Result<Arc<SentEvent>, SimulatorError> {
        self.core.publisher.history.wait_for(wanted, within).await
    }

    /// The statistics so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.core.statistics()
    }
}

/// One reader for every partition that some pod reads.
async fn open_readers(core: &Core, kafka: &Kafka) -> Result<Vec<CommandReader>, SimulatorError> {
    let topic = &core.settings.topics.commands;
    let mut readers = Vec::new();
    let partitions = core.claims().partitions();
    for partition in partitions {
        readers.push(CommandReader::open(kafka, topic, partition, core).await?);
    }
    Ok(readers)
}
