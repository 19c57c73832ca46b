//! The gateway pods whose devices move or lose their pod: the simulator in the deployed manner, on
//! the load generator's threads.

use crate::commands::wait_until_connected;
use crate::load::Threads;
use crate::platform::Names;
use anyhow::Context as _;
use domain::ids::{ChargePointId, ConnectorId, GatewayId};
use domain::status::ConnectorStatus;
use gateway_simulator::{DeviceSpec, Manner, Reconnect, Simulator, SimulatorSettings};
use runtime::Shutdown;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Pods: one to be killed, one that devices move away from, and enough that a third reads another
/// partition of the command topic than the second.
const PODS: usize = 8;

/// The pod that is killed.
pub const KILLED: usize = 0;
/// The pod that devices move away from.
pub const OLD: usize = 1;

/// Gateway pods in the deployed manner.
pub struct Gateway {
    /// The pods and their devices.
    pub simulator: Arc<Simulator>,
    /// The pod that devices move to, and reconnect through.
    pub new: Pod,
    threads: Threads,
}

/// A pod of the gateway.
#[derive(Debug, Clone)]
pub struct Pod {
    /// Its number.
    pub number: usize,
    /// Its id.
    pub id: GatewayId,
    /// The partition of the command topic in which commands for it are published.
    pub partition: i32,
}

impl Gateway {
    /// Starts the pods, without devices; each sends at most one event in `pace_ms`.
    pub async fn start(names: &Names, pace_ms: u64) -> anyhow::Result<Self> {
        let threads = Threads::start()?;
        let mut settings = SimulatorSettings::default();
        settings.topics.events.clone_from(&names.events);
        settings.topics.commands.clone_from(&names.commands);
        settings.behaviour.manner = Manner::Deployed;
        settings.gateway.pods = PODS;
        settings.gateway.event_interval_ms = pace_ms;
        settings.gateway.pod_prefix = format!("truth-{}-", names.run);
        // Clients belong to the runtime that they were created on.
        let started = threads.spawn(async move {
            let redis = launch::redis()?;
            wait_until_connected(&redis).await?;
            let shutdown = Shutdown::new(Duration::from_secs(1));
            Ok(Simulator::start(settings, launch::kafka()?, redis, shutdown).await?)
        })?;
        let simulator = started.await.context("the gateway panicked")??;
        let new = new_pod(&simulator).context("all pods share one partition of the command topic")?;
        Ok(Self { simulator: Arc::new(simulator), new, threads })
    }

    /// The id of a pod.
    pub fn id(&self, pod: usize) -> anyhow::Result<GatewayId> {
        self.simulator.pods().get(pod).cloned().context("no pod has this number")
    }

    /// Connects devices with one connector each to a pod; returns once all their events are
    /// acknowledged.
    pub async fn connect(&self, devices: &[ChargePointId], pod: usize) -> anyhow::Result<()> {
        let specs: Vec<_> =
            devices.iter().map(|id| DeviceSpec::new(id.clone()).on_pod(pod).with_connectors(1)).collect();
        let simulator = Arc::clone(&self.simulator);
        let connected = self.threads.spawn(async move { Ok(simulator.connect_all(specs).await?) })?;
        connected.await.context("the gateway panicked")?.map(drop)
    }

    /// Makes the devices report a status, one after the other, until their pod is killed.
    pub fn report_until_killed(&self, devices: Vec<ChargePointId>) -> anyhow::Result<()> {
        let simulator = Arc::clone(&self.simulator);
        let connector = ConnectorId::parse(1)?;
        // This ends by itself, because no device of a killed pod is connected.
        drop(self.threads.spawn(async move {
            for id in devices.iter().cycle() {
                simulator.set_status(id, connector, ConnectorStatus::Available, None).await?;
            }
            Ok(())
        })?);
        Ok(())
    }

    /// After `pause`, reconnects the devices of a killed pod through the new pod, every second one
    /// without a boot.
    pub fn reconnect(
        &self,
        devices: &[ChargePointId],
        pause: Duration,
    ) -> anyhow::Result<JoinHandle<anyhow::Result<()>>> {
        let (with_boot, without_boot) = halves(devices);
        let (simulator, pod) = (Arc::clone(&self.simulator), self.new.number);
        self.threads.spawn(async move {
            tokio::time::sleep(pause).await;
            let with_boot = simulator.reconnect_all(with_boot, pod, Reconnect::WithBoot);
            let without_boot = simulator.reconnect_all(without_boot, pod, Reconnect::WithoutBoot);
            tokio::try_join!(with_boot, without_boot)?;
            Ok(())
        })
    }
}

/// The first pod behind the old one that reads another partition of the command topic.
fn new_pod(simulator: &Simulator) -> Option<Pod> {
    let old = simulator.command_partition(OLD)?;
    let pods = simulator.pods().into_iter().enumerate().skip(OLD + 1);
    let mut pods = pods.filter_map(|(number, id)| {
        simulator.command_partition(number).map(|partition| Pod { number, id, partition })
    });
    pods.find(|pod| pod.partition != old)
}

/// Ids that begin with `prefix`, numbered from 1.
pub fn ids(prefix: &str, count: u32) -> anyhow::Result<Vec<ChargePointId>> {
    (1..=count).map(|number| Ok(ChargePointId::parse(&format!("{prefix}{number:05}"))?)).collect()
}

/// The devices that reconnect with a boot, and those that reconnect without one.
fn halves(devices: &[ChargePointId]) -> (Vec<ChargePointId>, Vec<ChargePointId>) {
    let (with_boot, without_boot): (Vec<_>, Vec<_>) =
        devices.iter().cloned().enumerate().partition(|(index, _)| index % 2 == 0);
    let ids = |devices: Vec<(usize, ChargePointId)>| devices.into_iter().map(|(_, id)| id).collect();
    (ids(with_boot), ids(without_boot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_devices_reconnect_without_a_boot() {
        let devices = ids("T-", 5).unwrap();
        let (with_boot, without_boot) = halves(&devices);
        assert_eq!(with_boot, ["T-00001", "T-00003", "T-00005"].map(|id| ChargePointId::parse(id).unwrap()));
        assert_eq!(without_boot, ["T-00002", "T-00004"].map(|id| ChargePointId::parse(id).unwrap()));
    }
}
