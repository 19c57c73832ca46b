//! Ingestors as processes of their own: started, stopped, killed, frozen and thawed.

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::str::FromStr;
use std::time::Duration;
use tokio::process::{Child, Command};

const LEASES_LOST: &str = "ingest_leases_lost";
const WRITES_DEFERRED: &str = "ingest_writes_deferred";
const THROTTLED: &str = "kafka_throttled_seconds_total{request=\"produce\"}";
/// What the ingestors' topic of the feed is called besides: the audit of partitions passes over its row.
pub(crate) const FEED: &str = "-feed";
/// Postgres knows the connections of an operator's command by it.
pub(crate) const OPERATOR: &str = "operator";

/// How an ingestor is started.
#[derive(Debug, Clone)]
pub struct IngestorLaunch {
    /// The program.
    pub binary: PathBuf,
    /// Where its logs go.
    pub logs: PathBuf,
    /// Postgres, or the proxy before it.
    pub database_url: String,
    /// Kafka.
    pub brokers: String,
    /// The topic to read.
    pub topic: String,
    /// How long a lease holds.
    pub lease: Duration,
    /// Further settings, as environment variables.
    pub settings: &'static [(&'static str, &'static str)],
}

/// The ingestors of an environment.
pub struct Fleet {
    /// How the next one is started.
    pub launch: IngestorLaunch,
    members: Vec<Ingestor>,
    started: usize,
}

/// A running ingestor.
pub struct Ingestor {
    /// Its name; Postgres knows its connections by it.
    pub name: String,
    child: Child,
    admin: SocketAddr,
}

impl Fleet {
    pub(crate) fn new(launch: IngestorLaunch) -> Self {
        Self { launch, members: Vec::new(), started: 0 }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The one that runs longest.
    ///
    /// # Errors
    /// When there is none.
    pub fn eldest(&self) -> anyhow::Result<&Ingestor> {
        self.members.first().context("no ingestor runs")
    }

    /// Puts the eldest last, so that the next one is the eldest.
    pub fn rotate(&mut self) {
        if !self.members.is_empty() {
            self.members.rotate_left(1);
        }
    }

    /// Starts one.
    ///
    /// # Errors
    /// When the program is not there.
    pub fn start(&mut self) -> anyhow::Result<()> {
        self.started += 1;
        let ingestor = Ingestor::start(&self.launch, name_of(self.started))?;
        self.members.push(ingestor);
        Ok(())
    }

    /// Starts `number` of them.
    ///
    /// # Errors
    /// When the program is not there.
    pub fn start_many(&mut self, number: usize) -> anyhow::Result<()> {
        (0..number).try_for_each(|_| self.start())
    }

    /// Ends the eldest with SIGKILL; says its name.
    ///
    /// # Errors
    /// When there is none, or it cannot be ended.
    pub async fn kill_eldest(&mut self) -> anyhow::Result<String> {
        anyhow::ensure!(!self.members.is_empty(), "no ingestor runs");
        let mut eldest = self.members.remove(0);
        eldest.child.kill().await.with_context(|| format!("kill {}", eldest.name))?;
        Ok(eldest.name)
    }

    /// Asks the eldest to stop, as a deployment does, and waits until it has; says its name.
    ///
    /// # Errors
    /// When there is none, or it has not ended within `grace` with exit code 0.
    pub async fn stop_eldest(&mut self, grace: Duration) -> anyhow::Result<String> {
        anyhow::ensure!(!self.members.is_empty(), "no ingestor runs");
        let mut eldest = self.members.remove(0);
        eldest.signal(Signal::TERM)?;
        let ended = tokio::time::timeout(grace, eldest.child.wait()).await;
        let status = ended.with_context(|| format!("{} has not ended within {grace:?}", eldest.name))??;
        anyhow::ensure!(status.success(), "{} ended with {status}", eldest.name);
        Ok(eldest.name)
    }

    /// Ends all with SIGKILL; says how many they were.
    pub(crate) async fn kill_all(&mut self) -> usize {
        let number = self.len();
        for mut member in self.members.drain(..) {
            // What has ended by itself needs no killing.
            drop(member.child.kill().await);
        }
        number
    }

    /// How many leases they say they have lost.
    ///
    /// # Errors
    /// When one does not answer.
    pub async fn leases_lost(&self) -> anyhow::Result<u64> {
        self.count(LEASES_LOST).await
    }

    /// How often a write failed for a reason that passes, and was put off.
    ///
    /// # Errors
    /// When an ingestor does not answer.
    pub async fn writes_deferred(&self) -> anyhow::Result<u64> {
        self.count(WRITES_DEFERRED).await
    }

    /// For how many seconds brokers had them wait before they publish more.
    ///
    /// # Errors
    /// When an ingestor does not answer.
    pub async fn throttled_s(&self) -> anyhow::Result<f64> {
        let mut sum = 0.0;
        for member in &self.members {
            sum += member.metric(THROTTLED).await?.unwrap_or(0.0);
        }
        Ok(sum)
    }

    async fn count(&self, counter: &str) -> anyhow::Result<u64> {
        let mut sum = 0;
        for member in &self.members {
            sum += member.count(counter).await?;
        }
        Ok(sum)
    }

    /// Runs `event-ingestor go-on` for a halted partition: all of its log is read.
    ///
    /// # Errors
    /// When the command refuses.
    pub(crate) async fn go_on(&self, partition: i32) -> anyhow::Result<()> {
        let mut command = self.launch.command(OPERATOR);
        command.args(["go-on", "--from", "earliest", "--apply", "--partition", &partition.to_string()]);
        let output = command.output().await.context("start event-ingestor go-on")?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "go-on of partition {partition} failed: {said}");
        Ok(())
    }

    /// How many lines with `text` all ingestors, also those that have ended, have logged.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub fn logged(&self, text: &str) -> anyhow::Result<usize> {
        let mut lines = 0;
        for number in 1..=self.started {
            let log = self.launch.log_of(&name_of(number));
            let log = std::fs::read(&log).with_context(|| format!("read {}", log.display()))?;
            lines += String::from_utf8_lossy(&log).lines().filter(|line| line.contains(text)).count();
        }
        Ok(lines)
    }
}

impl IngestorLaunch {
    /// The topic of the feed.
    pub(crate) fn feed_topic(&self) -> String {
        format!("{}{FEED}", self.topic)
    }

    /// The program, on these servers; Postgres knows its connections by `name`.
    fn command(&self, name: &str) -> Command {
        let url = format!("{}?application_name={name}&sslmode=disable", self.database_url);
        let mut command = Command::new(&self.binary);
        command
            .env("DATABASE_URL", url)
            .env("KAFKA_BROKERS", &self.brokers)
            .env("CHARGING__INGEST__TOPIC", &self.topic)
            .env("CHARGING__INGEST__LEASE_MS", self.lease.as_millis().to_string())
            .env("CHARGING__FEED__TOPIC", self.feed_topic())
            // Only a phase that is about the feed has its topic.
            .env("CHARGING__FEED__ENABLED", "false")
            .envs(self.settings.iter().copied())
            .stdin(Stdio::null())
            // A Ctrl-C at the terminal is for the campaign, which then ends them.
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    fn log_of(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }
}

fn name_of(number: usize) -> String {
    format!("ingestor-{number}")
}

impl Ingestor {
    fn start(launch: &IngestorLaunch, name: String) -> anyhow::Result<Self> {
        let admin = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        std::fs::create_dir_all(&launch.logs)?;
        let log = launch.log_of(&name);
        let sink = std::fs::File::create(&log).with_context(|| format!("write {}", log.display()))?;
        let child = launch
            .command(&name)
            .env("CHARGING__ADMIN__LISTEN", admin.to_string())
            .stdout(Stdio::null())
            .stderr(sink)
            .spawn()
            .with_context(|| format!("start {}: was it built?", launch.binary.display()))?;
        Ok(Self { name, child, admin })
    }

    /// Stops it where it stands.
    ///
    /// # Errors
    /// When it has ended.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it has ended.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    /// How many leases it says it has lost.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn leases_lost(&self) -> anyhow::Result<u64> {
        self.count(LEASES_LOST).await
    }

    async fn count(&self, counter: &str) -> anyhow::Result<u64> {
        Ok(self.metric(counter).await?.unwrap_or(0))
    }

    /// The first value of a metric whose line begins like this.
    async fn metric<T: FromStr>(&self, beginning: &str) -> anyhow::Result<Option<T>> {
        let url = format!("http://{}/metrics", self.admin);
        let metrics = reqwest::get(&url).await?.text().await?;
        let mut lines = metrics.lines().filter(|line| line.starts_with(beginning));
        Ok(lines.find_map(|line| line.split_whitespace().next_back()?.parse().ok()))
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let pid = pid.with_context(|| format!("{} has ended", self.name))?;
        Ok(kill_process(pid, signal)?)
    }
}
