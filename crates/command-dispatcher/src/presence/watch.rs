//! The watch: every second, finds silent devices and gateways, and probes devices.

use super::metrics::PresenceMetrics;
use super::probe::Prober;
use super::rate_limit::RateLimit;
use super::topic::{IngestTopic, TopicCheck};
use crate::settings::PresenceSettings;
use domain::ids::{ChargePointId, GatewayId};
use opentelemetry::metrics::Meter;
use runtime::every;
use runtime::{Shutdown, causes};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};
use storage::devices::presence::due::{self, DueDevice, Dueness};
use storage::devices::presence::{gateways, probes};
use storage::ingest::WorkerLease;
use storage::{Database, PooledConnection, StorageError};

/// The name of the lease. A replica that loses it while it probes does no harm: a recently probed
/// device is not probed again.
const LEASE: &str = "presence/watch";
const TICK: Duration = Duration::from_secs(1);
/// The probes of a tick are published in this many parts, spread over the tick.
const PARTS: usize = 8;
const BETWEEN_PARTS: Duration = Duration::from_millis(100);
/// The most silent gateways that are handled in one tick; the others follow in the next.
const GATEWAYS_AT_ONCE: i64 = 100;
/// The most canary probes per gateway: a single device may be silent for its own reasons.
const CANARIES: i64 = 3;
/// A silent gateway none of whose devices could be probed is tried again after this time.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How often gateways that all devices have left are deleted.
const TIDY_INTERVAL: Duration = Duration::from_secs(30);
/// The search for silent devices reads the rows of all devices. It runs at most this often while
/// few are silent, and in every tick while more are silent than may be probed at once.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The pause is at least this many times as long as a search takes, so that searching uses at most a
/// hundredth of a processor; but not longer than a quarter of the silence that is looked for.
const SHARE: u32 = 100;

/// Finds the devices to probe, while this replica holds the lease.
pub(crate) struct Watch {
    database: Database,
    settings: PresenceSettings,
    prober: Prober,
    lease: WorkerLease,
    topic: IngestTopic,
    metrics: PresenceMetrics,
    rate_limit: RateLimit,
    suspected_pace: RateLimit,
    silent_at: Instant,
    tidy_at: Instant,
    tried_at: HashMap<GatewayId, Instant>,
    unsettled: VecDeque<(Instant, Vec<ChargePointId>)>,
}

impl Watch {
    /// Uses connections of `database`, which are separate from those of commands.
    pub(crate) fn new(database: Database, prober: Prober, settings: PresenceSettings, meter: &Meter) -> Self {
        let now = Instant::now();
        Self {
            lease: WorkerLease::new(database.clone(), LEASE),
            topic: IngestTopic::new(&settings.ingest_topic),
            metrics: PresenceMetrics::new(meter),
            rate_limit: RateLimit::new(settings.probe_rate_per_s, now),
            suspected_pace: RateLimit::new(settings.suspected_rate_per_s(), now),
            silent_at: now,
            tidy_at: now + TIDY_INTERVAL,
            tried_at: HashMap::new(),
            unsettled: VecDeque::new(),
            database,
            settings,
            prober,
        }
    }

    /// The topic that silence is judged by.
    pub(crate) fn topic(&self) -> IngestTopic {
        self.topic.clone()
    }

    /// Watches until asked to stop. Returns at once when the settings turn probes off.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        if !self.settings.probe_message.is_on() {
            return;
        }
        let mut topic = TopicCheck::new(self.topic());
        let mut ticks = every(TICK);
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            let held = self.lease.acquire().await;
            self.metrics.watches(matches!(held, Ok(true)));
            let done = match held {
                Ok(true) => self.tick(&shutdown).await,
                Ok(false) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = done.and(topic.check(&self.database).await) {
                tracing::warn!(error = causes(&error), "silent devices could not be probed; retrying in 1 s");
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
        // A gateway may become suspected between the two reads; a statement records each device
        // once.
        let mut known = BTreeSet::new();
        due.retain(|device| known.insert(device.charge_point_id.clone()));
        let part = due.len().div_ceil(PARTS).max(PARTS);
        for devices in due.chunks(part) {
            if shutdown.is_requested() {
                break;
            }
            let asked = self.prober.probe(devices, self.settings.probe_interval(), &self.metrics).await?;
            // None was published: the brokers are unavailable, and the remaining probes would wait
            // as long.
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

    /// Deletes gateways that all devices have left: the search for their canary probes would read
    /// the rows of all devices.
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
            tracing::info!(forgotten, "deleted silent gateways that all devices have left");
        }
        Ok(())
    }

    /// Suspects gateways whose devices did not answer their probes.
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
                "gateway suspected dead: none of its devices was heard, and the probed ones did not answer; \
                 all its devices are probed now, see the runbook gateway-suspected"
            );
        }
        Ok(())
    }

    /// Sends canary probes for each gateway that became silent.
    async fn ask_canaries(&mut self) -> Result<(), StorageError> {
        let (topic, silence) = (self.settings.ingest_topic.clone(), self.settings.gateway_silence());
        let now = Instant::now();
        self.tried_at.retain(|_, at| now.duration_since(*at) < RETRY_AFTER);
        let skip: Vec<GatewayId> = self.tried_at.keys().cloned().collect();
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
        self.tried_at.extend(quiet.iter().map(|gateway| (gateway.clone(), now)));
        let asked = self.prober.probe(&canaries, interval, &self.metrics).await?;
        self.unsettled.push_back((Instant::now(), asked));
        // Counts and publishes the devices that were probed through each gateway, including earlier
        // probes for other reasons.
        self.database
            .run(async move |mut connection: PooledConnection| {
                gateways::record_probes(&mut connection, &quiet).await
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
        let limit = self.rate_limit.allowance(now);
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
        self.rate_limit.spend(found.len());
        if i64::try_from(found.len()).unwrap_or(i64::MAX) < limit {
            let silence = self.settings.probe_after();
            let bound = (now.elapsed() * SHARE).min(silence / 4);
            self.silent_at = now + (silence / 30).min(LONGEST_PAUSE).max(bound);
        }
        Ok(found)
    }

    /// Counts the probed devices that were heard, once their time to answer is over.
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
