//! Ingestors as child processes: started, stopped, killed, frozen and resumed.

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
/// The suffix of the feed topic of the ingestors; the audit ignores the relay's row by it.
pub(crate) const FEED: &str = "-feed";
/// The application name of an operator's command at PostgreSQL.
pub(crate) const OPERATOR: &str = "operator";

/// How an ingestor is started.
#[derive(Debug, Clone)]
pub struct IngestorLaunch {
    /// The binary.
    pub binary: PathBuf,
    /// The folder for logs.
    pub logs: PathBuf,
    /// The URL of PostgreSQL, or of the proxy in front of it.
    pub database_url: String,
    /// The addresses of Kafka brokers.
    pub brokers: String,
    /// The topic to read.
    pub topic: String,
    /// The duration of a lease.
    pub lease: Duration,
    /// Further settings, as environment variables.
    pub settings: &'static [(&'static str, &'static str)],
}

/// The ingestors of an environment.
pub struct Fleet {
    /// How the next ingestor is started.
    pub launch: IngestorLaunch,
    members: Vec<Ingestor>,
    started: usize,
}

/// A running ingestor.
pub struct Ingestor {
    /// Its name, which is also its application name at PostgreSQL.
    pub name: String,
    child: Child,
    admin: SocketAddr,
}

impl Fleet {
    pub(crate) fn new(launch: IngestorLaunch) -> Self {
        Self { launch, members: Vec::new(), started: 0 }
    }

    /// The number of ingestors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The ingestor that has run for the longest time.
    ///
    /// # Errors
    /// When none runs.
    pub fn oldest(&self) -> anyhow::Result<&Ingestor> {
        self.members.first().context("no ingestor runs")
    }

    /// Moves the oldest ingestor to the end, so that the next one counts as the oldest.
    pub fn rotate(&mut self) {
        if !self.members.is_empty() {
            self.members.rotate_left(1);
        }
    }

    /// Starts an ingestor.
    ///
    /// # Errors
    /// When the binary cannot be started.
    pub fn start(&mut self) -> anyhow::Result<()> {
        self.started += 1;
        let ingestor = Ingestor::start(&self.launch, name_of(self.started))?;
        self.members.push(ingestor);
        Ok(())
    }

    /// Starts `number` ingestors.
    ///
    /// # Errors
    /// When the binary cannot be started.
    pub fn start_many(&mut self, number: usize) -> anyhow::Result<()> {
        (0..number).try_for_each(|_| self.start())
    }

    /// Kills the oldest ingestor with SIGKILL; returns its name.
    ///
    /// # Errors
    /// When none runs, or it cannot be killed.
    pub async fn kill_oldest(&mut self) -> anyhow::Result<String> {
        anyhow::ensure!(!self.members.is_empty(), "no ingestor runs");
        let mut oldest = self.members.remove(0);
        oldest.child.kill().await.with_context(|| format!("kill {}", oldest.name))?;
        Ok(oldest.name)
    }

    /// Stops the oldest ingestor with SIGTERM, as a deployment does, and waits until it has exited;
    /// returns its name.
    ///
    /// # Errors
    /// When none runs, or it has not exited within `grace` with exit code 0.
    pub async fn stop_oldest(&mut self, grace: Duration) -> anyhow::Result<String> {
        anyhow::ensure!(!self.members.is_empty(), "no ingestor runs");
        let mut oldest = self.members.remove(0);
        oldest.signal(Signal::TERM)?;
        let ended = tokio::time::timeout(grace, oldest.child.wait()).await;
        let status = ended.with_context(|| format!("{} did not exit within {grace:?}", oldest.name))??;
        anyhow::ensure!(status.success(), "{} exited with {status}", oldest.name);
        Ok(oldest.name)
    }

    /// Kills all ingestors with SIGKILL; returns their number.
    pub(crate) async fn kill_all(&mut self) -> usize {
        let number = self.len();
        for mut member in self.members.drain(..) {
            // An ingestor that has exited need not be killed.
            drop(member.child.kill().await);
        }
        number
    }

    /// The number of leases that the ingestors have found lost.
    ///
    /// # Errors
    /// When an ingestor cannot be reached.
    pub async fn leases_lost(&self) -> anyhow::Result<u64> {
        self.count(LEASES_LOST).await
    }

    /// How many writes failed for a transient reason and were deferred.
    ///
    /// # Errors
    /// When an ingestor cannot be reached.
    pub async fn writes_deferred(&self) -> anyhow::Result<u64> {
        self.count(WRITES_DEFERRED).await
    }

    /// For how many seconds brokers throttled the ingestors' producers.
    ///
    /// # Errors
    /// When an ingestor cannot be reached.
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

    /// Runs `event-ingestor go-on` for a halted partition, so that its whole log is read.
    ///
    /// # Errors
    /// When the command fails.
    pub(crate) async fn resume_partition(&self, partition: i32) -> anyhow::Result<()> {
        let mut command = self.launch.command(OPERATOR);
        command.args(["go-on", "--from", "earliest", "--apply", "--partition", &partition.to_string()]);
        let output = command.output().await.context("start event-ingestor go-on")?;
        let message = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "go-on of partition {partition} failed: {message}");
        Ok(())
    }

    /// The number of lines with `text` that all ingestors have logged, including those that have
    /// exited.
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

    /// The binary with the settings of this environment and the application name `name`.
    fn command(&self, name: &str) -> Command {
        let url = format!("{}?application_name={name}&sslmode=disable", self.database_url);
        let mut command = Command::new(&self.binary);
        command
            .env("DATABASE_URL", url)
            .env("KAFKA_BROKERS", &self.brokers)
            .env("CHARGING__INGEST__TOPIC", &self.topic)
            .env("CHARGING__INGEST__LEASE_MS", self.lease.as_millis().to_string())
            .env("CHARGING__FEED__TOPIC", self.feed_topic())
            // Only phases about the feed create its topic.
            .env("CHARGING__FEED__ENABLED", "false")
            // Each marker must become a dead letter of its own.
            .env("CHARGING__INGEST__DEAD_LETTERS_PER_MINUTE", u32::MAX.to_string())
            .envs(self.settings.iter().copied())
            .stdin(Stdio::null())
            // Ctrl-C at the terminal is for the campaign, which then stops the ingestors.
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
            .with_context(|| {
                format!("cannot start {}; build it with `cargo build --release`", launch.binary.display())
            })?;
        Ok(Self { name, child, admin })
    }

    /// Stops the process with SIGSTOP.
    ///
    /// # Errors
    /// When it has exited.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Resumes the process with SIGCONT.
    ///
    /// # Errors
    /// When it has exited.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    /// The number of leases that this ingestor has found lost.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn leases_lost(&self) -> anyhow::Result<u64> {
        self.count(LEASES_LOST).await
    }

    async fn count(&self, counter: &str) -> anyhow::Result<u64> {
        Ok(self.metric(counter).await?.unwrap_or(0))
    }

    /// The first value of a metric whose line begins with `beginning`.
    async fn metric<T: FromStr>(&self, beginning: &str) -> anyhow::Result<Option<T>> {
        let url = format!("http://{}/metrics", self.admin);
        let metrics = reqwest::get(&url).await?.text().await?;
        let mut lines = metrics.lines().filter(|line| line.starts_with(beginning));
        Ok(lines.find_map(|line| line.split_whitespace().next_back()?.parse().ok()))
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let pid = pid.with_context(|| format!("{} has exited", self.name))?;
        Ok(kill_process(pid, signal)?)
    }
}
