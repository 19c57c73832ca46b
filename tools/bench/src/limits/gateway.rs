//! The gateway pods whose devices have sessions with limits: the simulator, keeping the contract,
//! on the load generator's threads.

use crate::commands::wait_until_connected;
use crate::load::Threads;
use crate::plan::LimitPlan;
use crate::platform::Names;
use anyhow::Context as _;
use domain::commands::CommandKind;
use domain::ids::{ChargePointId, CommandId};
use gateway_simulator::settings::LifeSettings;
use gateway_simulator::{DeviceSpec, Simulator, SimulatorSettings};
use runtime::Shutdown;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// The number of pods.
const PODS: usize = 4;
/// The interval of heartbeats, in seconds: no pod is silent between two sessions.
const HEARTBEAT_S: u32 = 60;

/// Gateway pods that keep the contract.
pub struct Gateway {
    simulator: Arc<Simulator>,
    threads: Threads,
}

impl Gateway {
    /// Starts the pods, without devices.
    pub async fn start(names: &Names, plan: &LimitPlan) -> anyhow::Result<Self> {
        let threads = Threads::start()?;
        let mut settings = SimulatorSettings::default();
        settings.topics.events.clone_from(&names.events);
        settings.topics.commands.clone_from(&names.commands);
        settings.gateway.pods = PODS;
        settings.gateway.pod_prefix = format!("limits-{}-", names.run);
        settings.life = LifeSettings {
            heartbeat_interval_s: HEARTBEAT_S,
            meter_interval_s: plan.reading_s,
            ..LifeSettings::default()
        };
        // Clients belong to the runtime that they were created on.
        let started = threads.spawn(async move {
            let redis = launch::redis()?;
            wait_until_connected(&redis).await?;
            let shutdown = Shutdown::new(Duration::from_secs(1));
            Ok(Simulator::start(settings, launch::kafka()?, redis, shutdown).await?)
        })?;
        let simulator = started.await.context("the gateway panicked")??;
        Ok(Self { simulator: Arc::new(simulator), threads })
    }

    /// Connects a device with one connector for each planned session, whose ids begin with `prefix`;
    /// returns once all their events are acknowledged.
    pub async fn connect(&self, prefix: &str, plan: &LimitPlan) -> anyhow::Result<()> {
        let max_power_kw = f64::from(plan.power_w) / 1e3;
        let devices = (1..=plan.energy + plan.duration).map(|number| {
            let id = ChargePointId::parse(&format!("{prefix}{number:05}"))?;
            let spec = DeviceSpec::new(id).with_connectors(1);
            Ok(DeviceSpec { max_power_kw, ..spec })
        });
        let devices = devices.collect::<anyhow::Result<Vec<_>>>()?;
        let simulator = Arc::clone(&self.simulator);
        let connected = self.threads.spawn(async move { Ok(simulator.connect_all(devices).await?) })?;
        connected.await.context("the gateway panicked")?.map(drop)
    }

    /// The number of different stop commands that each device received.
    pub fn received_stops(&self) -> HashMap<String, u64> {
        let received = self.simulator.commands();
        let stops = received
            .iter()
            .filter(|received| matches!(received.command.kind, CommandKind::StopTransaction { .. }))
            .map(|received| (received.command.charge_point_id.as_str(), received.command.id));
        count_different(stops)
    }
}

/// The number of different commands of each device; a record may be read again.
fn count_different<'a>(commands: impl Iterator<Item = (&'a str, CommandId)>) -> HashMap<String, u64> {
    let different: HashSet<_> = commands.collect();
    let mut counts = HashMap::new();
    for (device, _) in different {
        *counts.entry(device.to_owned()).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_command_that_is_received_again_counts_once() {
        let [first, second, third] = [1, 2, 3].map(|number| CommandId(Uuid::from_u128(number)));
        let received = [("A", first), ("A", first), ("B", second), ("B", third)];
        let expected = [("A".to_owned(), 1), ("B".to_owned(), 2)];
        assert_eq!(count_different(received.into_iter()), HashMap::from(expected));
    }
}
