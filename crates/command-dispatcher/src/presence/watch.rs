//! The watch: once a second, which devices and gateways are silent, and who is asked.

use super::ask::Asker;
use super::lease::WatchLease;
use super::metrics::PresenceMetrics;
use super::pace::Pace;
use super::topic::{IngestTopic, TopicCheck};
use crate::settings::PresenceSettings;
use domain::ids::{ChargePointId, GatewayId};
use opentelemetry::metrics::Meter;
use runtime::{Shutdown, causes};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};
use storage::devices::presence::due::{self, DueDevice, Dueness};
use storage::devices::presence::{gateways, probes};
use storage::{Database, PooledConnection, StorageError};
use tokio::time::MissedTickBehavior;

const TICK: Duration = Duration::from_secs(1);
/// What is asked in a tick goes out in so many parts, spread over it.
const PARTS: usize = 8;
const BETWEEN_PARTS: Duration = Duration::from_millis(100);
/// Silent gateways that are looked at in one tick; the others follow in the next.
const GATEWAYS_AT_ONCE: i64 = 100;
/// Devices that are asked in the place of one gateway: a single one may have been lost by itself.
const CANARIES: i64 = 3;
/// A silent gateway none of whose devices could be asked is looked at again after this.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Gateways that all devices have left are forgotten this often.
const TIDY_INTERVAL: Duration = Duration::from_secs(30);
/// Finding silent devices reads all rows of devices: it is done this often at most while there are few, and every tick while there
/// are more than may be asked at once.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Finds who is to be asked, as long as this replica holds the lease.
pub(crate) struct Watch {
    database: Database,
    settings: PresenceSettings,
    asker: Asker,
    lease: WatchLease,
    topic: IngestTopic,
    metrics: PresenceMetrics,
    pace: Pace,
    suspected_pace: Pace,
    silent_at: Instant,
    tidy_at: Instant,
    looked_at: HashMap<GatewayId, Instant>,
    unsettled: VecDeque<(Instant, Vec<ChargePointId>)>,
}

impl Watch {
    /// Uses connections of `database`, which need not be those of commands.
    pub(crate) fn new(database: Database, asker: Asker, settings: PresenceSettings, meter: &Meter) -> Self {
        let now = Instant::now();
        Self {
            lease: WatchLease::new(database.clone()),
            topic: IngestTopic::new(&settings.ingest_topic),
            metrics: PresenceMetrics::new(meter),
            pace: Pace::new(settings.probe_rate_per_s, now),
            suspected_pace: Pace::new(settings.suspected_rate_per_s(), now),
            silent_at: now,
            tidy_at: now + TIDY_INTERVAL,
            looked_at: HashMap::new(),
            unsettled: VecDeque::new(),
            database,
            settings,
            asker,
        }
    }

    /// The topic that silence is judged by.
    pub(crate) fn topic(&self) -> IngestTopic {
        self.topic.clone()
    }

    /// Watches until asked to stop. Returns at once where devices are not asked.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        if !self.settings.probe_message.is_on() {
            return;
        }
        let mut topic = TopicCheck::new(self.topic());
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            let held = self.lease.hold().await;
            self.metrics.watches(matches!(held, Ok(true)));
            let done = match held {
                Ok(true) => self.tick(&shutdown).await,
                Ok(false) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = done.and(topic.look(&self.database).await) {
                tracing::warn!(error = causes(&error), "silent devices could not be asked: retrying in 1 s");
            }
        }
        self.lease.release().await;
    }

    async fn tick(&mut self, shutdown: &Shutdown) -> Result<(), StorageError> {
        self.count_outcomes().await?;
        self.tidy().await?;
        self.suspect().await?;
        self.ask_canaries().await?;
        let mut due = self.suspected().await?;
        due.extend(self.silent().await?);
        // A gateway may have been suspected between the two looks; a device is recorded once in one statement.
        let mut known = BTreeSet::new();
        due.retain(|device| known.insert(device.charge_point_id.clone()));
        let part = due.len().div_ceil(PARTS).max(PARTS);
        for devices in due.chunks(part) {
            if shutdown.is_requested() {
                break;
            }
            let asked = self.asker.ask(devices, self.settings.probe_interval(), &self.metrics).await?;
            // None went out: the brokers are away, and the others would wait as long.
            if asked.is_empty() {
                break;
            }
            self.unsettled.push_back((Instant::now(), asked));
            if due.len() > part {
                tokio::time::sleep(BETWEEN_PARTS).await;
            }
        }
        Ok(())
    }

    /// Forgets gateways that all devices have left: to look for devices to ask in their place reads the rows of all devices.
    async fn tidy(&mut self) -> Result<(), StorageError> {
        let now = Instant::now();
        if now < self.tidy_at {
            return Ok(());
        }
        self.tidy_at = now + TIDY_INTERVAL;
        let forgotten = self
            .database
            .run(async move |mut connection: PooledConnection| {
                gateways::forget_abandoned(&mut connection, TIDY_INTERVAL).await
            })
            .await?;
        if forgotten > 0 {
            tracing::info!(forgotten, "silent gateways that all devices have left are forgotten");
        }
        Ok(())
    }

    /// Suspects gateways whose devices were asked in vain.
    async fn suspect(&self) -> Result<(), StorageError> {
        let (topic, answer) = (self.settings.ingest_topic.clone(), self.settings.gateway_answer());
        let suspected = self
            .database
            .run(async move |mut connection: PooledConnection| {
                gateways::suspect_unanswered(&mut connection, &topic, answer).await
            })
            .await?;
        self.metrics.suspected(suspected.len());
        for gateway in suspected {
            tracing::warn!(
                gateway_id = %gateway,
                "a gateway is suspected dead: none of its devices was heard, and those that were asked did not answer. \
                 Its devices are asked next; see the runbook gateway-suspected"
            );
        }
        Ok(())
    }

    /// Asks some devices in the place of each gateway that became silent.
    async fn ask_canaries(&mut self) -> Result<(), StorageError> {
        let (topic, silence) = (self.settings.ingest_topic.clone(), self.settings.gateway_silence());
        let now = Instant::now();
        self.looked_at.retain(|_, at| now.duration_since(*at) < LOOK_AGAIN);
        let skip: Vec<GatewayId> = self.looked_at.keys().cloned().collect();
        let interval = self.settings.gateway_interval();
        let (quiet, canaries) = self
            .database
            .run(async move |mut connection: PooledConnection| {
                let limit =
                    GATEWAYS_AT_ONCE + i64::try_from(skip.len()).unwrap_or(i64::MAX - GATEWAYS_AT_ONCE);
                let mut quiet = gateways::list_quiet(&mut connection, &topic, silence, limit).await?;
                quiet.retain(|gateway| !skip.contains(gateway));
                if quiet.is_empty() {
                    return Ok((quiet, Vec::new()));
                }
                let canaries = due::list_canaries(&mut connection, &quiet, interval, CANARIES).await?;
                Ok::<_, StorageError>((quiet, canaries))
            })
            .await?;
        if quiet.is_empty() {
            return Ok(());
        }
        self.looked_at.extend(quiet.iter().map(|gateway| (gateway.clone(), now)));
        let asked = self.asker.ask(&canaries, interval, &self.metrics).await?;
        self.unsettled.push_back((Instant::now(), asked));
        // What was really asked through them counts, and is published: also what was asked before, for other reasons.
        self.database
            .run(async move |mut connection: PooledConnection| {
                gateways::note_questions(&mut connection, &quiet).await
            })
            .await
    }

    async fn suspected(&mut self) -> Result<Vec<DueDevice>, StorageError> {
        let limit = self.suspected_pace.allowance(Instant::now());
        let interval = self.settings.probe_interval();
        let found = self
            .database
            .run(async move |mut connection: PooledConnection| {
                if gateways::list_suspected(&mut connection).await?.is_empty() {
                    return Ok::<_, StorageError>(Vec::new());
                }
                due::list_suspected(&mut connection, interval, limit).await
            })
            .await?;
        self.suspected_pace.spend(found.len());
        Ok(found)
    }

    async fn silent(&mut self) -> Result<Vec<DueDevice>, StorageError> {
        let now = Instant::now();
        if now < self.silent_at {
            return Ok(Vec::new());
        }
        let limit = self.pace.allowance(now);
        let dueness = Dueness {
            topic: self.settings.ingest_topic.clone(),
            lag: self.settings.ingest_lag(),
            silence: self.settings.probe_after(),
            interval: self.settings.probe_interval(),
        };
        let found = self
            .database
            .run(async move |mut connection: PooledConnection| {
                due::list_silent(&mut connection, &dueness, limit).await
            })
            .await?;
        self.pace.spend(found.len());
        if i64::try_from(found.len()).unwrap_or(i64::MAX) < limit {
            self.silent_at = now + (self.settings.probe_after() / 30).min(LONGEST_PAUSE);
        }
        Ok(found)
    }

    /// Counts who of those asked was heard, once the time for an answer is over.
    async fn count_outcomes(&mut self) -> Result<(), StorageError> {
        let answer = self.settings.probe_answer();
        while let Some((_, asked)) = self.unsettled.pop_front_if(|(at, _)| at.elapsed() > answer) {
            let total = asked.len();
            let answered = self
                .database
                .run(async move |mut connection: PooledConnection| {
                    probes::count_answered(&mut connection, &asked).await
                })
                .await?;
            let answered = usize::try_from(answered).unwrap_or_default();
            self.metrics.outcomes(answered, total.saturating_sub(answered));
        }
        Ok(())
    }
}
