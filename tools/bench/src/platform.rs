//! The services as processes, on a database and topics that belong to this run.

use crate::database;
use crate::plan::Plan;
use anyhow::{Context as _, ensure};
use launch::output::progress;
use launch::{Ports, Process, ready, variable};
use runtime::kafka::Kafka;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The time in which a service must stop.
const GRACE: Duration = Duration::from_secs(25);

/// As in the local stack.
const FEED_PARTITIONS: i32 = 12;

/// Names that are unique to this run.
#[derive(Debug, Clone)]
pub struct Names {
    /// The part that is unique.
    pub run: String,
    /// The database.
    pub database: String,
    /// The database on which reads are measured.
    pub reads: String,
    /// The topic of events.
    pub events: String,
    /// The topic of commands.
    pub commands: String,
    /// The topic of the change feed.
    pub feed: String,
    /// A topic like that of commands, for the floor.
    pub floor: String,
}

/// The platform of a run.
pub struct Platform {
    /// Its names.
    pub names: Names,
    /// The URL of its database.
    pub url: String,
    /// A client of its broker.
    pub kafka: Kafka,
    logs: PathBuf,
    ingestors: Vec<Process>,
    started: usize,
}

impl Names {
    /// Names that begin with `bench` and are unique.
    pub fn new() -> Self {
        let run = uuid::Uuid::now_v7().simple().to_string();
        // The last digits are the random ones.
        let run: String = run.chars().skip(20).collect();
        Self {
            database: format!("bench_{run}"),
            reads: format!("bench_reads_{run}"),
            events: format!("bench-events-{run}"),
            commands: format!("bench-commands-{run}"),
            feed: format!("bench-feed-{run}"),
            floor: format!("bench-floor-{run}"),
            run,
        }
    }

    /// Removes everything with these names; what does not exist counts as removed.
    pub async fn remove(&self) -> anyhow::Result<()> {
        let url = variable("DATABASE_URL")?;
        let dropped = database::drop_database(&url, &self.database).await;
        let reads_dropped = database::drop_database(&url, &self.reads).await;
        let kafka = launch::kafka()?;
        for topic in [&self.events, &self.commands, &self.feed, &self.floor] {
            kafka.delete_topic(topic).await.with_context(|| format!("delete {topic}"))?;
        }
        dropped.with_context(|| format!("drop {}", self.database))?;
        reads_dropped.with_context(|| format!("drop {}", self.reads))
    }
}

impl Platform {
    /// Creates the database and the topics. No service runs yet.
    pub async fn set_up(plan: &Plan, names: &Names, folder: &Path) -> anyhow::Result<Self> {
        let given = variable("DATABASE_URL")?;
        database::create(&given, &names.database).await?;
        Self::set_up_at(database::with_database(&given, &names.database)?, plan, names, folder).await
    }

    /// Creates the tables at `url`, and the topics. No service runs yet.
    pub async fn set_up_at(url: String, plan: &Plan, names: &Names, folder: &Path) -> anyhow::Result<Self> {
        Process::run("asset-api", "migrate", &[("DATABASE_URL", url.clone())]).await?;
        let kafka = launch::kafka()?;
        kafka.create_topic(&names.events, plan.partitions).await?;
        kafka.create_topic(&names.commands, plan.command_partitions.into()).await?;
        kafka.create_topic(&names.feed, FEED_PARTITIONS).await?;
        kafka.create_topic(&names.floor, plan.command_partitions.into()).await?;
        let logs = folder.join("logs");
        std::fs::create_dir_all(&logs).with_context(|| format!("create {}", logs.display()))?;
        Ok(Self { names: names.clone(), url, kafka, logs, ingestors: Vec::new(), started: 0 })
    }

    /// Starts one more ingestor.
    pub async fn start_ingestor(&mut self) -> anyhow::Result<()> {
        self.started += 1;
        let admin = Ports::Free.pick(0)?;
        let settings = [
            ("DATABASE_URL", self.url.clone()),
            ("CHARGING__ADMIN__LISTEN", admin.clone()),
            ("CHARGING__INGEST__TOPIC", self.names.events.clone()),
            ("CHARGING__FEED__TOPIC", self.names.feed.clone()),
        ];
        let log = self.logs.join(format!("event-ingestor-{}.log", self.started));
        let mut process = Process::start("event-ingestor", &settings, log)?;
        ready(&admin, &mut process).await?;
        self.ingestors.push(process);
        Ok(())
    }

    /// The ingestors' process ids; an error if one has exited.
    pub fn ingestors(&mut self) -> anyhow::Result<Vec<u32>> {
        for process in &mut self.ingestors {
            ensure!(!process.has_ended(), "an ingestor exited unexpectedly; see {}", process.log.display());
        }
        Ok(self.ingestors.iter().filter_map(Process::id).collect())
    }

    /// Kills the ingestor that was started last.
    pub async fn crash_ingestor(&mut self) -> anyhow::Result<()> {
        self.ingestors.pop().context("no ingestor runs")?.kill().await
    }

    /// Stops the ingestors in order.
    pub async fn stop_ingestors(&mut self) -> anyhow::Result<()> {
        for process in self.ingestors.drain(..) {
            process.stop(GRACE).await?;
        }
        Ok(())
    }

    /// Starts command-dispatcher with `settings` in addition to those that every run needs.
    pub async fn start_dispatcher(
        &self,
        plan: &Plan,
        additional: &[(&str, String)],
    ) -> anyhow::Result<Dispatcher> {
        let (listen, admin) = (Ports::Free.pick(0)?, Ports::Free.pick(0)?);
        let mut settings = vec![
            ("DATABASE_URL", self.url.clone()),
            ("CHARGING__HTTP__LISTEN", listen.clone()),
            ("CHARGING__ADMIN__LISTEN", admin.clone()),
            ("CHARGING__DISPATCH__TOPIC", self.names.commands.clone()),
            ("CHARGING__DISPATCH__PARTITIONS", plan.command_partitions.to_string()),
        ];
        settings.extend_from_slice(additional);
        let log = self.logs.join("command-dispatcher.log");
        let mut process = Process::start("command-dispatcher", &settings, log)?;
        ready(&admin, &mut process).await?;
        Ok(Dispatcher { listen, process })
    }
}

/// A running command-dispatcher.
pub struct Dispatcher {
    /// The address of its API.
    pub listen: String,
    /// Its process.
    pub process: Process,
}

impl Dispatcher {
    /// Stops it in order.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.process.stop(GRACE).await
    }
}

/// Removes what the run has created, and reports if it cannot.
pub async fn clean_up(names: &Names) {
    progress("dropping the run's database and topics");
    if let Err(error) = names.remove().await {
        progress(&format!(
            "they could not be removed: {error:#}; remove the database and topics whose names end in {}",
            names.run
        ));
    }
}
