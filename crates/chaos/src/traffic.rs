//! What is sent while faults happen: events of a simulated fleet, with a ledger, and markers.

use crate::markers::{Marker, keep_marking};
use anyhow::{Context as _, ensure};
use gateway_simulator::ledger::Ledger;
use gateway_simulator::settings::LoadSettings;
use gateway_simulator::{Load, LoadReport, SimulatorError, SimulatorSettings};
use runtime::Shutdown;
use runtime::kafka::Kafka;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// Longer than any campaign: traffic ends when it is told to.
const DAY_S: u64 = 86_400;
/// How long an event is tried, since brokers are restarted meanwhile.
const PUBLISH_TIMEOUT_MS: u64 = 120_000;

/// How much, and in what manner.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Events per second, duplicates among them.
    pub events_per_second: u32,
    /// Devices that speak.
    pub charge_points: u32,
    /// Between two markers of one partition.
    pub marker_interval: Duration,
}

/// Traffic that goes on; ends when dropped.
pub(crate) struct Traffic {
    stop: Shutdown,
    load: AbortOnDropHandle<Result<LoadReport, SimulatorError>>,
    markers: Vec<AbortOnDropHandle<anyhow::Result<Vec<Marker>>>>,
}

/// What was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Of each device.
    pub ledger: Ledger,
    /// Events, duplicates among them.
    pub events: u64,
    /// Duplicates.
    pub duplicates: u64,
    /// Markers.
    pub markers: Vec<Marker>,
    /// How far production fell behind the clock, at most.
    pub worst_lag: Duration,
}

impl Traffic {
    /// Begins.
    pub(crate) async fn start(
        kafka: &Kafka,
        topic: &str,
        partitions: i32,
        pace: &Pace,
    ) -> anyhow::Result<Self> {
        let mut simulator = SimulatorSettings::default();
        topic.clone_into(&mut simulator.topics.events);
        simulator.gateway.pods = 4;
        simulator.gateway.history = 1;
        simulator.gateway.publish_timeout_ms = PUBLISH_TIMEOUT_MS;
        let settings = LoadSettings {
            events_per_second: pace.events_per_second,
            duration_s: DAY_S,
            charge_points: pace.charge_points,
            id_prefix: "CHAOS-".to_owned(),
            connectors: 2,
            duplicates: 0.1,
            moves: 0.02,
            seed: 7,
        };
        let stop = Shutdown::new(Duration::from_secs(1));
        let load = Load::new(&settings, &simulator, kafka).await.context("prepare the load")?;
        let load = {
            let stop = stop.clone();
            AbortOnDropHandle::new(tokio::spawn(async move { load.run(&settings, &stop).await }))
        };
        let markers = keep_marking(kafka, topic, partitions, pace.marker_interval, &stop);
        Ok(Self { stop, load, markers })
    }

    /// Ends it, once all that was queued is acknowledged.
    pub(crate) async fn stop(self) -> anyhow::Result<Sent> {
        self.stop.request();
        let report = self.load.await.context("the load")??;
        ensure!(
            report.failed == 0,
            "{} events could not be published: nothing can be compared",
            report.failed
        );
        let mut markers = Vec::new();
        for task in self.markers {
            markers.extend(task.await.context("the markers")??);
        }
        Ok(Sent {
            ledger: report.ledger,
            events: report.events,
            duplicates: report.duplicates,
            markers,
            worst_lag: report.worst_lag,
        })
    }
}
