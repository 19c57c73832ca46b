//! Collects observations of a gateway: reads the event topic, and polls the keys.

use super::commander;
use super::context::CheckContext;
use super::judge::Judge;
use super::key_reader;
use super::log_position::LogPosition;
use super::parameters::Parameters;
use super::verdict::Verdict;
use crate::error::SimulatorError;
use crate::settings::{CheckSettings, Settings};
use domain::ids::ChargePointId;
use runtime::kafka::{FetchError, Kafka, KafkaError, PartitionReader};
use runtime::redis::{Redis, RedisError};
use runtime::{Backoff, causes};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// How long a fetch waits for an event.
const MAX_WAIT: Duration = Duration::from_millis(500);
const MAX_BYTES: usize = 1 << 20;
/// The shortest and the longest pause after failures.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// Attempts at the first requests to Kafka and Redis.
const ATTEMPTS: u32 = 20;

/// A running check; it ends when it is finished or dropped.
#[derive(Debug)]
pub struct Check {
    context: Arc<CheckContext>,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Commands devices; ends once it may not start another trial.
    commander: Option<JoinHandle<()>>,
    commander_closing: CancellationToken,
    partitions: usize,
    /// The devices that had a key at the start.
    had_key: BTreeSet<ChargePointId>,
    _stop_on_drop: DropGuard,
}

impl Check {
    /// Starts the check: every record that is appended after this returns is observed.
    ///
    /// # Errors
    /// When Kafka or Redis cannot be reached, or Kafka does not know the topics.
    pub async fn start(settings: &Settings, kafka: Kafka, redis: Redis) -> Result<Self, SimulatorError> {
        wait_for_redis(&redis).await?;
        let partitions = Box::pin(kafka.partitions(&settings.topics.events)).await?;
        let mut readers = Vec::with_capacity(partitions.len());
        for partition in &partitions {
            readers.push(EventReader::open(&kafka, &settings.topics.events, *partition).await?);
        }
        let mut judge = Judge::new(parameters(&settings.check), runtime::clock::now());
        judge.set_partitions(readers.len());
        let found = Box::pin(kafka.partitions(&settings.topics.commands)).await?.len();
        let is_as_agreed = judge.judge_command_partitions(found);
        match Box::pin(kafka.topic_retention(&settings.topics.commands)).await {
            Ok(found) => {
                judge.judge_command_retention(
                    &settings.topics.commands,
                    found,
                    settings.check.command_retention(),
                );
            }
            Err(error) => {
                tracing::warn!(
                    error = causes(&error),
                    "the settings of the command topic cannot be read; its retention is not judged"
                );
            }
        }
        let had_key = key_reader::devices_with_key(&redis, settings.check.max_devices).await;
        let context = Arc::new(CheckContext {
            judge: Mutex::new(judge),
            kafka,
            redis,
            topics: settings.topics.clone(),
            settings: settings.check.clone(),
            routing_hash: settings.gateway.routing_hash,
        });
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        for reader in readers {
            let work = reader.run(Arc::clone(&context));
            let stop = stop.clone();
            tasks.spawn(async move { stop.run_until_cancelled(work).await });
        }
        let (work, stopped) = (key_reader::read_keys_repeatedly(Arc::clone(&context)), stop.clone());
        tasks.spawn(async move { stopped.run_until_cancelled(work).await });
        tasks.close();
        let commander_closing = CancellationToken::new();
        // Like the platform, the check publishes nothing to a topic of another size.
        let is_commanding = settings.check.command && is_as_agreed;
        let commander = is_commanding.then(|| {
            let work = commander::command_devices(Arc::clone(&context), commander_closing.clone());
            let stop = stop.clone();
            tokio::spawn(async move { stop.run_until_cancelled(work).await.unwrap_or_default() })
        });
        let _stop_on_drop = stop.clone().drop_guard();
        let partitions = partitions.len();
        Ok(Self { context, tasks, stop, commander, commander_closing, partitions, had_key, _stop_on_drop })
    }

    /// The verdict on everything observed so far.
    #[must_use]
    pub fn so_far(&self) -> Verdict {
        self.context.judge().verdict(runtime::clock::now())
    }

    /// Ends the check and returns the verdict. Unless `quickly` is set, first waits for responses
    /// to commands that were sent.
    pub async fn finish(mut self, quickly: bool) -> Verdict {
        self.commander_closing.cancel();
        if let Some(commander) = self.commander.take()
            && !quickly
        {
            // A commander that panicked has judged nothing more; its panic is in the log.
            drop(commander.await);
        }
        self.stop.cancel();
        self.tasks.wait().await;
        let partitions = Box::pin(self.context.kafka.partitions(&self.context.topics.events)).await;
        if partitions.is_ok_and(|now| now.len() > self.partitions) {
            self.context.judge().record_growth();
        }
        let have_key =
            key_reader::devices_with_key(&self.context.redis, self.context.settings.max_devices).await;
        self.context.judge().set_devices_with_key(self.had_key.intersection(&have_key));
        self.so_far()
    }
}

fn parameters(settings: &CheckSettings) -> Parameters {
    Parameters {
        heartbeat_timeout: settings.heartbeat_timeout(),
        heartbeat_interval: settings.heartbeat_interval(),
        clock_skew: settings.clock_skew(),
        settle: settings.settle(),
        max_devices: settings.max_devices,
        max_events: settings.max_events,
        command_partitions: settings.command_partitions.get(),
    }
}

/// Waits until Redis responds, because the client connects in the background.
async fn wait_for_redis(redis: &Redis) -> Result<(), RedisError> {
    let mut attempt = 1;
    loop {
        match redis.ping().await {
            Err(_) if attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(PAUSE.0).await;
            }
            outcome => return outcome,
        }
    }
}

/// Reads one partition of the event topic.
struct EventReader {
    partition: i32,
    reader: PartitionReader,
    offset: i64,
}

impl EventReader {
    /// Begins at the end of the partition: earlier records may belong to another gateway.
    async fn open(kafka: &Kafka, topic: &str, partition: i32) -> Result<Self, KafkaError> {
        let reader = kafka.reader(topic, partition);
        let mut attempt = 1;
        loop {
            match Box::pin(reader.latest_offset()).await {
                Ok(offset) => return Ok(Self { partition, reader, offset }),
                Err(KafkaError::Unavailable(_)) if attempt < ATTEMPTS => {
                    attempt += 1;
                    tokio::time::sleep(PAUSE.0).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Passes every record to the judge, until it is dropped.
    async fn run(mut self, context: Arc<CheckContext>) {
        let mut backoff = Backoff::new(PAUSE.0, PAUSE.1);
        loop {
            // Boxed, because the type inside is too deep for the compiler.
            match Box::pin(self.reader.fetch(self.offset, MAX_WAIT, MAX_BYTES)).await {
                Ok(fetched) => {
                    backoff.reset();
                    let seen_at = runtime::clock::now();
                    let mut judge = context.judge();
                    if !fetched.records.is_empty() {
                        judge.record_fetch();
                    }
                    for range in fetched.unreadable {
                        tracing::warn!(
                            partition = self.partition,
                            ?range,
                            "a batch cannot be read; it is skipped"
                        );
                        judge.record_unreadable_batch(LogPosition {
                            partition: self.partition,
                            offset: range.first_offset,
                        });
                    }
                    for record in fetched.records {
                        judge.observe_record(self.partition, &record, seen_at);
                    }
                    self.offset = fetched.next_offset;
                }
                Err(error) => {
                    tracing::warn!(
                        partition = self.partition,
                        error = causes(&error),
                        "events cannot be read; retrying"
                    );
                    context.judge().record_interruption();
                    if matches!(error, FetchError::OffsetOutOfRange(_)) {
                        let end = Box::pin(self.reader.latest_offset()).await;
                        self.offset = end.unwrap_or(self.offset);
                    }
                    tokio::time::sleep(backoff.pause()).await;
                }
            }
        }
    }
}
