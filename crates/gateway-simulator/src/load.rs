//! Load: as many events per second as asked, whether or not anybody keeps up, and a ledger of them.

mod fleet;
pub mod ledger;
mod member;
mod repeats;

use crate::error::SimulatorError;
use crate::publisher::{Outgoing, Publisher};
use crate::settings::{LoadSettings, SimulatorSettings};
use fleet::Fleet;
use ledger::Ledger;
use member::Happened;
use repeats::Repeats;
use runtime::Shutdown;
use runtime::kafka::Kafka;
use std::time::{Duration, Instant};

/// Between looks at the clock.
const TICK: Duration = Duration::from_millis(2);

/// A load run.
#[derive(Debug)]
pub struct Load {
    publisher: Publisher,
    simulator: SimulatorSettings,
    fleet: Fleet,
    ledger: Ledger,
    repeats: Repeats,
    queued: u64,
    duplicates: u64,
}

/// How a load run went.
#[derive(Debug, Clone)]
pub struct LoadReport {
    /// Events queued, duplicates among them.
    pub events: u64,
    /// Duplicates queued.
    pub duplicates: u64,
    /// Events that Kafka has acknowledged, those that announced the charge points among them.
    pub acknowledged: u64,
    /// Events that were given up; if there are any, the ledger knows more than the topic.
    pub failed: u64,
    /// From the first event, announcements apart, to the last acknowledgement.
    pub took: Duration,
    /// Events that were acknowledged per second, announcements apart.
    pub events_per_second: f64,
    /// How far production fell behind the clock, at most.
    pub worst_lag: Duration,
    /// What was sent, to compare a database with.
    pub ledger: Ledger,
}

impl Load {
    /// Prepares a run; nothing is sent yet.
    ///
    /// # Errors
    /// When the settings make no sense, or Kafka does not know the topic of events.
    pub async fn new(
        settings: &LoadSettings,
        simulator: &SimulatorSettings,
        kafka: &Kafka,
    ) -> Result<Self, SimulatorError> {
        let publisher = Publisher::open(kafka, &simulator.topics.events, &simulator.gateway).await?;
        let fleet = Fleet::new(settings, &simulator.gateway)?;
        Ok(Self {
            publisher,
            simulator: simulator.clone(),
            ledger: Ledger::new(fleet.charge_points()),
            repeats: Repeats::new(settings.duplicates, settings.seed),
            fleet,
            queued: 0,
            duplicates: 0,
        })
    }

    /// Announces the charge points, then produces events by the clock until the time is over or shutdown is requested.
    ///
    /// # Errors
    /// When the simulator cannot queue an event; one that Kafka does not confirm is counted instead.
    pub async fn run(
        mut self,
        settings: &LoadSettings,
        shutdown: &Shutdown,
    ) -> Result<LoadReport, SimulatorError> {
        let announcement = self.fleet.announce(runtime::clock::now());
        self.queue(announcement).await?;
        let announced = std::mem::take(&mut self.queued);
        self.settled(announced).await;
        let begun = Instant::now();
        let worst_lag = self.keep_pace(settings, begun, shutdown).await?;
        self.publisher.close().await;
        let took = begun.elapsed();
        let failed = self.publisher.counters.events_failed.get();
        let acknowledged = self.publisher.counters.events_sent.get();
        let measured = u32::try_from(acknowledged.saturating_sub(announced)).unwrap_or(u32::MAX);
        Ok(LoadReport {
            events: self.queued + announced,
            duplicates: self.duplicates,
            acknowledged,
            failed,
            took,
            events_per_second: f64::from(measured) / took.as_secs_f64(),
            worst_lag,
            ledger: self.ledger,
        })
    }

    /// Queues as many events as are due by the clock, again and again; says how far it fell behind.
    async fn keep_pace(
        &mut self,
        settings: &LoadSettings,
        begun: Instant,
        shutdown: &Shutdown,
    ) -> Result<Duration, SimulatorError> {
        let duration = Duration::from_secs(settings.duration_s);
        let rate = u64::from(settings.events_per_second.max(1));
        let mut worst_lag = Duration::ZERO;
        while begun.elapsed() < duration && !shutdown.is_requested() {
            let due = due(begun.elapsed(), rate);
            while self.queued < due {
                let now = runtime::clock::now();
                let happened = self.fleet.step(now);
                self.queue(happened).await?;
            }
            // Measured afterwards: it is full queues that hold production up.
            let missing = self::due(begun.elapsed(), rate).saturating_sub(self.queued);
            worst_lag = worst_lag.max(Duration::from_micros(missing * 1_000_000 / rate));
            tokio::time::sleep(TICK).await;
        }
        Ok(worst_lag)
    }

    async fn queue(&mut self, happened: Vec<Happened>) -> Result<(), SimulatorError> {
        let manners = self.simulator.behaviour.manners();
        for happened in happened {
            let event = self.fleet.event(&happened)?;
            let Some(kind) = manners.tell(event.kind.clone()) else {
                continue;
            };
            self.ledger.record(&happened, &event);
            let told = domain::event::GatewayEvent { kind, ..event };
            let value = manners.write(&told);
            let key = told.charge_point_id.as_str();
            if let Some((key, value)) = self.repeats.offer(key, &value) {
                self.send(&key, value).await?;
                self.duplicates += 1;
            }
            self.send(key, value).await?;
        }
        Ok(())
    }

    async fn send(&mut self, key: &str, value: Vec<u8>) -> Result<(), SimulatorError> {
        self.queued += 1;
        let outgoing = Outgoing::new(key, value, runtime::clock::now());
        self.publisher.enqueue(outgoing).await
    }

    /// Waits until so many events are acknowledged or have failed.
    async fn settled(&self, events: u64) {
        let counters = &self.publisher.counters;
        while counters.events_sent.get() + counters.events_failed.get() < events {
            tokio::time::sleep(TICK).await;
        }
    }
}

fn due(elapsed: Duration, rate: u64) -> u64 {
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    micros.saturating_mul(rate) / 1_000_000
}
