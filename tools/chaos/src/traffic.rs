//! What is sent while faults happen: events of simulated devices, with a ledger, and markers.

use crate::markers::{Marker, publish_repeatedly};
use anyhow::{Context as _, ensure};
use gateway_simulator::ledger::Ledger;
use gateway_simulator::settings::LoadSettings;
use gateway_simulator::{Load, LoadPace, LoadReport, Manner, SimulatorError, SimulatorSettings};
use runtime::Shutdown;
use runtime::kafka::Kafka;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// Longer than any campaign: the traffic ends when it is stopped.
const DAY_S: u64 = 86_400;
/// The time limit of the publication of an event; brokers are restarted meanwhile.
const PUBLISH_TIMEOUT_MS: u64 = 120_000;

/// The percentage of a campaign's events and devices that belong to a gateway in the manner
/// `deployed`.
pub const DEPLOYED_PERCENT: u32 = 33;

/// The amount and the manner of the traffic.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Events per second, of both manners, including duplicates.
    pub events_per_second: u32,
    /// Devices that send events, of both manners.
    pub charge_points: u32,
    /// The percentage of the events and of the devices that belong to a gateway in the manner
    /// `deployed`. Their sessions are derived from meter values and stops.
    pub deployed_percent: u32,
    /// The interval between two markers of one partition.
    pub marker_interval: Duration,
}

type RunningLoad = AbortOnDropHandle<Result<LoadReport, SimulatorError>>;

/// Running traffic; it ends when it is dropped.
pub(crate) struct Traffic {
    stop: Shutdown,
    loads: Vec<RunningLoad>,
    markers: Vec<AbortOnDropHandle<anyhow::Result<Vec<Marker>>>>,
}

/// What was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// By device.
    pub ledger: Ledger,
    /// Events, including duplicates.
    pub events: u64,
    /// Duplicates.
    pub duplicates: u64,
    /// Markers.
    pub markers: Vec<Marker>,
    /// The greatest delay of production behind schedule.
    pub worst_lag: Duration,
}

impl Traffic {
    /// Starts to send, with devices whose ids begin with `id_prefix`, as much as `slowed` allows.
    pub(crate) async fn start(
        kafka: &Kafka,
        topic: &str,
        partitions: i32,
        pace: &Pace,
        slowed: &LoadPace,
        id_prefix: &str,
    ) -> anyhow::Result<Self> {
        let stop = Shutdown::new(Duration::from_secs(1));
        let mut loads = Vec::new();
        for (manner, percent) in [
            (Manner::Contract, 100_u32.saturating_sub(pace.deployed_percent)),
            (Manner::Deployed, pace.deployed_percent),
        ] {
            if percent > 0 {
                let pace = pace.share(percent);
                loads.push(start_load(kafka, topic, manner, &pace, slowed, id_prefix, &stop).await?);
            }
        }
        let markers = publish_repeatedly(kafka, topic, partitions, pace.marker_interval, slowed, &stop);
        Ok(Self { stop, loads, markers })
    }

    /// Ends the traffic once all queued events are acknowledged.
    pub(crate) async fn stop(self) -> anyhow::Result<Sent> {
        self.stop.request();
        let mut sent = Sent::nothing();
        for load in self.loads {
            let report = load.await.context("the load")??;
            ensure!(
                report.failed == 0,
                "{} events could not be published, so the state cannot be compared",
                report.failed
            );
            sent.add_load(report);
        }
        for task in self.markers {
            sent.markers.extend(task.await.context("the markers")??);
        }
        Ok(sent)
    }
}

impl Pace {
    /// This percentage of the events and devices, at least one of each.
    fn share(&self, percent: u32) -> Self {
        let of = |whole: u32| (whole.saturating_mul(percent) / 100).max(1);
        Self {
            events_per_second: of(self.events_per_second),
            charge_points: of(self.charge_points),
            ..self.clone()
        }
    }
}

impl Sent {
    pub(crate) const fn nothing() -> Self {
        Self {
            ledger: Ledger { devices: Vec::new(), kinds: BTreeMap::new() },
            events: 0,
            duplicates: 0,
            markers: Vec::new(),
            worst_lag: Duration::ZERO,
        }
    }

    /// Adds what other traffic sent with other devices.
    pub(crate) fn merge(&mut self, other: Self) {
        self.ledger.devices.extend(other.ledger.devices);
        for (kind, events) in other.ledger.kinds {
            *self.ledger.kinds.entry(kind).or_default() += events;
        }
        self.events += other.events;
        self.duplicates += other.duplicates;
        self.markers.extend(other.markers);
        self.worst_lag = self.worst_lag.max(other.worst_lag);
    }

    /// Adds what another load sent with other devices.
    fn add_load(&mut self, report: LoadReport) {
        self.merge(Self {
            ledger: report.ledger,
            events: report.events,
            duplicates: report.duplicates,
            markers: Vec::new(),
            worst_lag: report.worst_lag,
        });
    }
}

/// Starts a load of devices at a gateway of that manner.
async fn start_load(
    kafka: &Kafka,
    topic: &str,
    manner: Manner,
    pace: &Pace,
    slowed: &LoadPace,
    id_prefix: &str,
    stop: &Shutdown,
) -> anyhow::Result<RunningLoad> {
    let mut simulator = SimulatorSettings::default();
    topic.clone_into(&mut simulator.topics.events);
    simulator.gateway.pods = 4;
    simulator.gateway.history = 1;
    simulator.gateway.publish_timeout_ms = PUBLISH_TIMEOUT_MS;
    simulator.behaviour.manner = manner;
    let id_prefix = match manner {
        Manner::Contract => id_prefix.to_owned(),
        Manner::Deployed => format!("{id_prefix}DEPLOYED-"),
    };
    let settings = LoadSettings {
        events_per_second: pace.events_per_second,
        duration_s: DAY_S,
        charge_points: pace.charge_points,
        id_prefix,
        connectors: 2,
        duplicates: 0.1,
        moves: 0.02,
        seed: 7,
    };
    let load = Load::new(&settings, &simulator, kafka).await.context("prepare the load")?;
    let (load, stop) = (load.paced_by(slowed.clone()), stop.clone());
    Ok(AbortOnDropHandle::new(tokio::spawn(async move { load.run(&settings, &stop).await })))
}
