//! A second broker next to a test's own, so that partitions have replicas and leaders can move.

use crate::own_broker::OwnBroker;
use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::{Child, Command};

/// The broker; it is killed when it is dropped. Its folder is in that of the first broker, which
/// must outlive it.
#[derive(Debug)]
pub struct SecondBroker {
    process: Child,
    port: u16,
}

impl SecondBroker {
    /// Starts the broker. It has joined when the first broker reports two brokers.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn start(first: &OwnBroker, port: u16) -> anyhow::Result<Self> {
        let files = Files::below(first.home());
        std::fs::create_dir(&files.folder)?;
        files.write_settings(port).context("write its settings")?;
        let mut formatting = files.java("kafka.tools.StorageTool");
        formatting.args(["format", "--cluster-id", &files.cluster()?, "--config"]).arg(&files.settings);
        let formatted = formatting.output().await.context("run Java")?;
        ensure!(
            formatted.status.success(),
            "the broker's storage could not be formatted: {}",
            String::from_utf8_lossy(&formatted.stderr)
        );
        let process = files.java("kafka.Kafka").arg(&files.settings).spawn().context("run Java")?;
        Ok(Self { process, port })
    }

    /// The broker's address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Stops the process with SIGSTOP: its connections stay open, and it sends no responses. After
    /// a while the first broker is the only leader.
    ///
    /// # Errors
    /// When it does not run.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Resumes the process with SIGCONT.
    ///
    /// # Errors
    /// When it does not run.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    /// Stops the broker in order: it hands over its leaderships.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)?;
        self.process.wait().await?;
        Ok(())
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = self.process.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok(kill_process(pid.context("the second broker has exited")?, signal)?)
    }
}

/// The paths of the broker's files.
struct Files {
    first: PathBuf,
    folder: PathBuf,
    settings: PathBuf,
}

impl Files {
    fn below(first: PathBuf) -> Self {
        let folder = first.join("second");
        Self { settings: folder.join("server.properties"), folder, first }
    }

    /// Writes the first broker's settings and the differences; of two lines with one key the later
    /// counts.
    fn write_settings(&self, port: u16) -> anyhow::Result<()> {
        let mut settings = std::fs::read_to_string(self.first.join("server.properties"))?;
        writeln!(
            settings,
            "\nprocess.roles=broker\nnode.id=2\nlog.dirs={}",
            self.folder.join("data").display()
        )?;
        for key in ["listeners", "advertised.listeners"] {
            writeln!(settings, "{key}=PLAINTEXT://127.0.0.1:{port}")?;
        }
        Ok(std::fs::write(&self.settings, settings)?)
    }

    /// The cluster id that the first broker has created.
    fn cluster(&self) -> anyhow::Result<String> {
        let meta = std::fs::read_to_string(self.first.join("data/meta.properties"))?;
        let id = meta.lines().find_map(|line| line.strip_prefix("cluster.id="));
        Ok(id.context("the first broker's properties have no cluster id")?.to_owned())
    }

    fn java(&self, class: &str) -> Command {
        let option = |name: &str, path: &Path| format!("-D{name}={}", path.display());
        let log4j = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/local/kafka/log4j2.xml");
        let mut java = Command::new("java");
        java.args(["-Xms128m", "-Xmx512m", "-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true"])
            .args([option("stack.logs", &self.folder), option("log4j2.configurationFile", &log4j)])
            .arg("-cp")
            .arg(self.first.join("lib/*"))
            .arg(class)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        java
    }
}
