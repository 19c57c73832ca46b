//! The services as processes of their own, ended with this one.

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// A running service.
pub struct Process {
    /// The binary's name.
    pub name: &'static str,
    /// Where its log goes.
    pub log: PathBuf,
    child: Child,
}

impl Process {
    /// Starts the binary `name`, which lies beside this one, with settings as environment variables; its log goes to the file
    /// `log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &'static str, settings: &[(&str, String)], log: PathBuf) -> anyhow::Result<Self> {
        let binary = std::env::current_exe()?.with_file_name(name);
        let sink = std::fs::File::create(&log).with_context(|| format!("write {}", log.display()))?;
        let child = Command::new(&binary)
            .envs(settings.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(sink)
            // A Ctrl-C at the terminal is for this program, which then stops the services in good order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {}: was it built? `cargo build --release`", binary.display()))?;
        Ok(Self { name, log, child })
    }

    /// Runs the binary `name` with `command` to its end, with settings as environment variables.
    ///
    /// # Errors
    /// When it cannot be run, or fails.
    pub async fn run(name: &'static str, command: &str, settings: &[(&str, String)]) -> anyhow::Result<()> {
        let binary = std::env::current_exe()?.with_file_name(name);
        let mut program = Command::new(&binary);
        program.envs(settings.iter().map(|(key, value)| (key, value)));
        let output = program.arg(command).stdin(Stdio::null()).kill_on_drop(true).output().await;
        let output = output.with_context(|| format!("run {}", binary.display()))?;
        if !output.status.success() {
            bail!("{name} {command} failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Ends when the process does, which it should not; says how.
    pub async fn died(&mut self) -> anyhow::Error {
        let status =
            self.child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
        anyhow::anyhow!("{} ended by itself ({status}); see {}", self.name, self.log.display())
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it as a crash does.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.with_context(|| format!("kill {}", self.name))
    }

    /// Ends it as an operator would, with SIGTERM; after `grace`, hard.
    ///
    /// # Errors
    /// When it did not end cleanly.
    pub async fn stop(mut self, grace: Duration) -> anyhow::Result<()> {
        let Some(pid) = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())) else { return Ok(()) };
        kill_process(pid, Signal::TERM).with_context(|| format!("ask {} to stop", self.name))?;
        match tokio::time::timeout(grace, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(_) => bail!("{} did not end cleanly; see {}", self.name, self.log.display()),
            Err(_elapsed) => {
                self.child.kill().await?;
                bail!("{} had to be killed; see {}", self.name, self.log.display())
            }
        }
    }
}

/// Resident memory of a process, in MB.
#[must_use]
pub fn resident_mb(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

/// The services, in the order in which they were started.
pub struct Services(pub Vec<Process>);

impl Services {
    /// Ends when a service does, which it should not; says how.
    pub async fn died(&mut self) -> anyhow::Error {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let each = self.0.iter_mut().map(|service| Box::pin(service.died()));
        futures_util::future::select_all(each).await.0
    }

    /// Ends all of them, each within `grace`.
    ///
    /// # Errors
    /// When one of them did not end cleanly.
    pub async fn stop(self, grace: Duration) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for service in self.0 {
            outcome = outcome.and(service.stop(grace).await);
        }
        outcome
    }
}
