//! Load: a given number of events per second, whether or not consumers keep pace, and a ledger of
//! them.

mod device;
mod duplicates;
mod fleet;
pub mod ledger;
mod pace;

use crate::error::SimulatorError;
use crate::publisher::{Outgoing, Publisher};
use crate::settings::{LoadSettings, SimulatorSettings};
use device::DeviceEvent;
use duplicates::Duplicates;
use fleet::Fleet;
use ledger::Ledger;
use pace::Schedule;
use runtime::Shutdown;
use runtime::kafka::Kafka;
use std::time::{Duration, Instant};

pub use pace::LoadPace;

/// A segment of a load run, at one rate.
#[derive(Debug, Clone, Copy)]
pub struct LoadSegment {
    /// Events queued.
    pub events: u64,
    /// From the first event to the last acknowledgement.
    pub took: Duration,
    /// The greatest delay of production behind schedule.
    pub worst_lag: Duration,
}

/// The interval of checking the clock and the counters.
const TICK: Duration = Duration::from_millis(2);

/// A load run.
#[derive(Debug)]
pub struct Load {
    publisher: Publisher,
    simulator: SimulatorSettings,
    fleet: Fleet,
    ledger: Ledger,
    repeated: Duplicates,
    pace: LoadPace,
    queued: u64,
    duplicates: u64,
}

/// The result of a load run.
#[derive(Debug, Clone)]
pub struct LoadReport {
    /// Events queued, including duplicates.
    pub events: u64,
    /// Duplicates queued.
    pub duplicates: u64,
    /// Events that Kafka has acknowledged, including those that announced the charge points.
    pub acknowledged: u64,
    /// Events that were given up; if there are any, the ledger contains more than the topic.
    pub failed: u64,
    /// From the first event after the announcements to the last acknowledgement.
    pub took: Duration,
    /// Events acknowledged per second, without announcements.
    pub events_per_second: f64,
    /// The greatest delay of production behind schedule.
    pub worst_lag: Duration,
    /// The events that were sent; a database can be compared with it.
    pub ledger: Ledger,
}

impl Load {
    /// Prepares a run; nothing is sent yet.
    ///
    /// # Errors
    /// When the settings are invalid, or Kafka does not know the event topic.
    pub async fn new(
        settings: &LoadSettings,
        simulator: &SimulatorSettings,
        kafka: &Kafka,
    ) -> Result<Self, SimulatorError> {
        let publisher = Publisher::open(kafka, &simulator.topics.events, &simulator.gateway, None).await?;
        let fleet = Fleet::new(settings, &simulator.gateway, simulator.behaviour.effective())?;
        Ok(Self {
            publisher,
            simulator: simulator.clone(),
            ledger: Ledger::new(fleet.charge_points()),
            repeated: Duplicates::new(settings.duplicates, settings.events_per_second, settings.seed),
            pace: LoadPace::default(),
            fleet,
            queued: 0,
            duplicates: 0,
        })
    }

    /// Lets `pace` slow the schedule down while the load runs.
    #[must_use]
    pub fn paced_by(self, pace: LoadPace) -> Self {
        Self { pace, ..self }
    }

    /// Announces the charge points, then produces events on schedule until the time is over or
    /// shutdown is requested.
    ///
    /// # Errors
    /// When the simulator cannot queue an event; an event that Kafka does not acknowledge is
    /// counted instead.
    pub async fn run(
        mut self,
        settings: &LoadSettings,
        shutdown: &Shutdown,
    ) -> Result<LoadReport, SimulatorError> {
        let announced = self.announce().await?;
        let duration = Duration::from_secs(settings.duration_s);
        let segment = self.produce(settings.events_per_second, duration, shutdown).await?;
        self.publisher.close().await;
        let acknowledged = self.publisher.counters.events_sent.get();
        let measured = u32::try_from(acknowledged.saturating_sub(announced)).unwrap_or(u32::MAX);
        Ok(LoadReport {
            events: self.queued,
            duplicates: self.duplicates,
            acknowledged,
            failed: self.failed(),
            took: segment.took,
            events_per_second: f64::from(measured) / segment.took.as_secs_f64(),
            worst_lag: segment.worst_lag,
            ledger: self.ledger,
        })
    }

    /// Announces the charge points, and waits until the events are acknowledged; returns their
    /// number. For callers that produce the load segment by segment.
    ///
    /// # Errors
    /// When the simulator cannot queue an event.
    pub async fn announce(&mut self) -> Result<u64, SimulatorError> {
        let announcement = self.fleet.announce(runtime::clock::now());
        self.queue(announcement).await?;
        self.wait_until_acknowledged().await;
        Ok(self.queued)
    }

    /// Produces `rate` events per second on schedule for `duration`, or until shutdown is
    /// requested, and waits until they are acknowledged or have failed.
    ///
    /// # Errors
    /// When the simulator cannot queue an event; an event that Kafka does not acknowledge is
    /// counted instead.
    pub async fn produce(
        &mut self,
        rate: u32,
        duration: Duration,
        shutdown: &Shutdown,
    ) -> Result<LoadSegment, SimulatorError> {
        let (begun, before) = (Instant::now(), self.queued);
        let worst_lag = self.produce_on_schedule(rate, duration, begun, shutdown).await?;
        self.wait_until_acknowledged().await;
        Ok(LoadSegment { events: self.queued - before, took: begun.elapsed(), worst_lag })
    }

    /// Events that were given up so far.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.publisher.counters.events_failed.get()
    }

    /// Queues as many events as are due, repeatedly; returns the greatest delay.
    async fn produce_on_schedule(
        &mut self,
        rate: u32,
        duration: Duration,
        begun: Instant,
        shutdown: &Shutdown,
    ) -> Result<Duration, SimulatorError> {
        let before = self.queued;
        let rate = u64::from(rate.max(1));
        let mut worst_lag = Duration::ZERO;
        let mut schedule = Schedule::new(begun, self.pace.clone());
        while begun.elapsed() < duration && !shutdown.is_requested() {
            let due = before + events_due(schedule.now(), rate);
            while self.queued < due {
                let now = runtime::clock::now();
                let events = self.fleet.step(now);
                self.queue(events).await?;
            }
            // Measured afterwards, because full queues delay production.
            let missing = (before + events_due(schedule.now(), rate)).saturating_sub(self.queued);
            worst_lag = worst_lag.max(Duration::from_micros(missing * 1_000_000 / rate));
            tokio::time::sleep(TICK).await;
        }
        Ok(worst_lag)
    }

    async fn queue(&mut self, events: Vec<DeviceEvent>) -> Result<(), SimulatorError> {
        let behaviour = self.simulator.behaviour.effective();
        for device_event in events {
            let event = self.fleet.gateway_event(&device_event)?;
            let Some(kind) = behaviour.reported(event.kind.clone()) else {
                self.ledger.record_unsent(&device_event, &event);
                continue;
            };
            self.ledger.record(&device_event, &event, &behaviour);
            let reported = domain::event::GatewayEvent { kind, ..event };
            let value = behaviour.encode(&reported);
            if let Some((key, value)) = self.repeated.push_and_draw(&reported, &value) {
                self.send(&key, value).await?;
                self.duplicates += 1;
            }
            self.send(reported.charge_point_id.as_str(), value).await?;
        }
        Ok(())
    }

    async fn send(&mut self, key: &str, value: Vec<u8>) -> Result<(), SimulatorError> {
        self.queued += 1;
        let outgoing = Outgoing::new(key, value, runtime::clock::now());
        self.publisher.enqueue(outgoing).await
    }

    /// Waits until everything queued is acknowledged or has failed.
    async fn wait_until_acknowledged(&self) {
        let counters = &self.publisher.counters;
        while counters.events_sent.get() + counters.events_failed.get() < self.queued {
            tokio::time::sleep(TICK).await;
        }
    }
}

fn events_due(elapsed: Duration, rate: u64) -> u64 {
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    micros.saturating_mul(rate) / 1_000_000
}
