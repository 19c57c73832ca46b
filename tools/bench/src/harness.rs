//! The harness of every measurement: the platform, the watch and the meters; measures one segment
//! of load with them.

use crate::database::{self, Connection};
use crate::load::Generator;
use crate::meters::{Broker, Meters, listening_at};
use crate::numbers::{count, float, round, share};
use crate::plan::Plan;
use crate::platform::{Names, Platform};
use crate::report::{IdleFleet, LoadAlone, Phase};
use crate::server::{self, Work};
use crate::visibility::{self, Offsets, Seen, Watch, Window};
use anyhow::{Context as _, ensure};
use gateway_simulator::LoadSegment;
use launch::output::progress;
use runtime::kafka::ReceivedRecord;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// The interval of checking the owners of partitions.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// The time limit for catching up after a segment of load.
const TIMEOUT: Duration = Duration::from_secs(180);
/// Charge points per second of which all announcements are visible at least.
const LEAST_ANNOUNCED_PER_S: u32 = 500;

/// The platform and the instruments.
pub struct Harness {
    /// The plan of the run.
    pub plan: Plan,
    /// The services.
    pub platform: Platform,
    /// Observes which events are visible.
    pub watch: Watch,
    /// The CPU and memory of the processes.
    pub meters: Meters,
    /// A connection for other queries.
    pub queries: Connection,
}

/// A measured segment of load.
struct Measured {
    segment: LoadSegment,
    window: Window,
    work: Work,
    polls: u32,
    whole_seconds: f64,
}

impl Harness {
    /// Sets up everything, with the planned number of ingestors.
    pub async fn set_up(plan: &Plan, names: &Names, folder: &Path, broker: &Broker) -> anyhow::Result<Self> {
        let platform = Platform::set_up(plan, names, folder).await?;
        let mut polling = database::connect(&platform.url).await?;
        let mut queries = database::connect(&platform.url).await?;
        let probes = vec![server::backend(&mut polling).await?, server::backend(&mut queries).await?];
        let postgres = probes.first().copied().and_then(Meters::postgres_of);
        let watch = Watch::start(polling, &names.events);
        let redis = listening_at(launch::variable("REDIS_URL")?.as_str());
        let meters = Meters { postgres, probes, broker: broker.pid, redis, ..Meters::default() };
        let mut harness = Self { plan: plan.clone(), platform, watch, meters, queries };
        for _ in 0..plan.ingestors {
            harness.start_ingestor().await?;
        }
        Ok(harness)
    }

    /// Starts one more ingestor, and waits until all ingestors own their shares of the partitions.
    pub async fn start_ingestor(&mut self) -> anyhow::Result<()> {
        self.platform.start_ingestor().await?;
        self.meters.ingestors = self.platform.ingestors()?;
        let expected = self.meters.ingestors.len();
        let begun = Instant::now();
        while self.owners().await? != (expected, 0) {
            ensure!(
                begun.elapsed() < TIMEOUT,
                "the partitions were not distributed over {expected} ingestors within {TIMEOUT:?}"
            );
            sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    /// The number of ingestors that own partitions, and of partitions without an owner.
    pub async fn owners(&mut self) -> anyhow::Result<(usize, usize)> {
        let states =
            storage::ingest::partitions::list(&mut self.queries, &self.platform.names.events).await?;
        let mut owners: Vec<_> = states.iter().filter_map(|state| state.owner).collect();
        let unowned = usize::try_from(self.plan.partitions)?.saturating_sub(owners.len());
        owners.sort_unstable();
        owners.dedup();
        Ok((owners.len(), unowned))
    }

    /// A fleet that has announced itself, after everything is caught up.
    pub async fn fleet(&mut self, id_prefix: &str, charge_points: u32) -> anyhow::Result<Generator> {
        let load = Generator::start(&self.platform.names.events, id_prefix, charge_points).await?;
        load.announce().await?;
        let announced_within = Duration::from_secs((charge_points / LEAST_ANNOUNCED_PER_S).into());
        self.catch_up_within(TIMEOUT.max(announced_within)).await?;
        Ok(load)
    }

    /// Measures `rate` events per second for `measured`, after the warm-up.
    pub async fn measure(
        &mut self,
        load: &Generator,
        rate: u32,
        measured: Duration,
    ) -> anyhow::Result<Phase> {
        self.meters.ingestors = self.platform.ingestors()?;
        let from = self.watch.current()?;
        self.watch.clear();
        let warm_up = self.plan.warm_up;
        let begun = Instant::now();
        let first = runtime::clock::now().timestamp_micros() + micros(warm_up);
        let sending = load.produce(rate, warm_up + measured)?;
        sleep_until(begun + warm_up).await;
        let work = server::work(&mut self.queries).await?;
        let metered = self.meters.measure((begun + warm_up).into_std(), measured).await;
        let work_after = server::work(&mut self.queries).await?;
        let segment = sending.await.context("the load generator panicked")??;
        let to = self.catch_up().await?;
        let (sightings, polls) = self.watch.take_observations();
        let whole_seconds = begun.elapsed().as_secs_f64();
        let sent =
            visibility::read(&self.platform.kafka, &self.platform.names.events, &from, &to, |_, record| {
                (record.offset, record.timestamp.timestamp_micros())
            });
        let seen = Seen::join(&sent.await?, &sightings)?;
        let window = Window { from: first, to: first + micros(measured) };
        let work = Work { rows: work_after.rows - work.rows, batches: work_after.batches - work.batches };
        let processes = metered.uses(float(seen.sent(window)), window.seconds());
        let measured = Measured { segment, window, work, polls, whole_seconds };
        let phase = self.phase(load, rate, &seen, &measured);
        Ok(Phase { processes, sustained: phase.is_sustained(), ..phase })
    }

    fn phase(&self, load: &Generator, rate: u32, seen: &Seen, measured: &Measured) -> Phase {
        let window = measured.window;
        let seconds = window.seconds();
        let (events, backlog) = (seen.sent(window), seen.backlog(window));
        let sent_per_s = share(float(events), seconds);
        let per_batch = |work: i64| float(u64::try_from(work).unwrap_or_default());
        Phase {
            charge_points: load.charge_points,
            ingestors: self.meters.ingestors.len(),
            rate,
            seconds: round(seconds, 1),
            events,
            sent_per_s: round(sent_per_s, 0),
            latency: seen.latency(window),
            target_p95_ms: None,
            backlog,
            sustained: false,
            generator_behind_ms: round(measured.segment.worst_lag.as_secs_f64() * 1e3, 1),
            batches_per_s: round(share(per_batch(measured.work.batches), seconds), 0),
            events_per_batch: round(share(float(events), per_batch(measured.work.batches)), 1),
            rows_per_s: round(share(per_batch(measured.work.rows), seconds), 0),
            poll_ms: round(share(measured.whole_seconds * 1e3, f64::from(measured.polls)), 1),
            processes: Vec::new(),
        }
    }

    /// Measures `rate` events per second for `measured`, after the warm-up, while no ingestor runs.
    pub async fn measure_load_alone(
        &mut self,
        load: &Generator,
        rate: u32,
        measured: Duration,
    ) -> anyhow::Result<LoadAlone> {
        self.meters.ingestors = self.platform.ingestors()?;
        ensure!(self.meters.ingestors.is_empty(), "an ingestor runs");
        let (kafka, topic, warm_up) = (&self.platform.kafka, &self.platform.names.events, self.plan.warm_up);
        let from = visibility::ends(kafka, topic).await?;
        let begun = Instant::now();
        let first = runtime::clock::now().timestamp_micros() + micros(warm_up);
        let window = Window { from: first, to: first + micros(measured) };
        let sending = load.produce(rate, warm_up + measured)?;
        let metered = self.meters.measure((begun + warm_up).into_std(), measured).await;
        sending.await.context("the load generator panicked")??;
        let to = visibility::ends(kafka, topic).await?;
        let sent_at = |_, record: &ReceivedRecord| record.timestamp.timestamp_micros();
        let sent = visibility::read(kafka, topic, &from, &to, sent_at).await?;
        let is_counted = |sent_at: &&i64| (window.from..window.to).contains(*sent_at);
        let events = sent.values().flatten().filter(is_counted).count();
        Ok(LoadAlone {
            rate,
            seconds: round(window.seconds(), 1),
            events: u64::try_from(events)?,
            processes: metered.uses(count(events), window.seconds()),
        })
    }

    /// Measures the CPU that `charge_points` which send nothing cost.
    pub async fn measure_idle(&mut self, charge_points: u32) -> anyhow::Result<IdleFleet> {
        // Otherwise autovacuum does it during the measurement.
        server::vacuum(&mut self.queries).await?;
        let length = self.plan.idle;
        let metered = self.meters.measure(Instant::now().into_std(), length).await;
        let processes = metered.uses(1.0, length.as_secs_f64());
        let cores = |name: &str| {
            processes.iter().find(|process| process.name == name).map_or(0.0, |process| process.cpu_cores)
        };
        let (ingestor_cores, postgres_cores) = (cores("event-ingestor"), cores("postgres"));
        let seconds = round(length.as_secs_f64(), 1);
        Ok(IdleFleet { charge_points, seconds, ingestor_cores, postgres_cores })
    }

    /// Publishes the planned events of the floor while no ingestor runs; returns the offsets before
    /// and after them.
    pub async fn publish_backlog(&self, load: &Generator) -> anyhow::Result<(Offsets, Offsets)> {
        let from = self.watch.current()?;
        let events = self.plan.floor_events;
        progress(&format!("publishing {events} events while no ingestor runs …"));
        load.publish_backlog(events).await?;
        Ok((from, visibility::ends(&self.platform.kafka, &self.platform.names.events).await?))
    }

    /// Waits until all records of the topic are visible; returns the end offsets.
    pub async fn catch_up(&mut self) -> anyhow::Result<Offsets> {
        self.catch_up_within(TIMEOUT).await
    }

    async fn catch_up_within(&mut self, timeout: Duration) -> anyhow::Result<Offsets> {
        let ends = visibility::ends(&self.platform.kafka, &self.platform.names.events).await?;
        let caught_up = self.watch.wait_until_passed(&ends, timeout).await?;
        self.platform.ingestors()?;
        ensure!(caught_up, "the ingestors did not catch up within {timeout:?}");
        Ok(ends)
    }

    /// The number of connections that each running ingestor uses for batches.
    pub async fn connections(&mut self) -> anyhow::Result<usize> {
        let ours = i64::try_from(self.meters.probes.len())?;
        let clients = server::clients(&mut self.queries, ours).await?;
        // Each ingestor has one more connection for its leases.
        let running = i64::try_from(self.meters.ingestors.len())?;
        Ok(usize::try_from((clients - running).max(1))?)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
