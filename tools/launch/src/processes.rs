//! The services as child processes, which end with this one.

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// A running service.
pub struct Process {
    /// The name of the binary.
    pub name: &'static str,
    /// The log file.
    pub log: PathBuf,
    child: Child,
}

impl Process {
    /// Starts the binary `name` from the folder of this binary, with settings as environment
    /// variables. Its output goes to the file `log`.
    ///
    /// # Errors
    /// When the binary cannot be started.
    pub fn start(name: &'static str, settings: &[(&str, String)], log: PathBuf) -> anyhow::Result<Self> {
        let binary = std::env::current_exe()?.with_file_name(name);
        let sink = std::fs::File::create(&log).with_context(|| format!("write {}", log.display()))?;
        let child = Command::new(&binary)
            .envs(settings.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(sink)
            // Ctrl-C at the terminal is for this program, which then stops the services in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}; build it with the same profile", binary.display()))?;
        Ok(Self { name, log, child })
    }

    /// Runs the binary `name` with `command` until it exits, with settings as environment
    /// variables.
    ///
    /// # Errors
    /// When the binary cannot be started, or fails.
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

    /// Returns when the process has exited, which it should not; the error says how it exited.
    pub async fn died(&mut self) -> anyhow::Error {
        let status =
            self.child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
        anyhow::anyhow!("{} exited unexpectedly ({status}); see {}", self.name, self.log.display())
    }

    /// The process id, while the process runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Whether the process has exited.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills the process with SIGKILL, as in a crash.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.with_context(|| format!("kill {}", self.name))
    }

    /// Stops the process with SIGTERM, and kills it after `grace`.
    ///
    /// # Errors
    /// When the process did not exit cleanly.
    pub async fn stop(mut self, grace: Duration) -> anyhow::Result<()> {
        let Some(pid) = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())) else { return Ok(()) };
        kill_process(pid, Signal::TERM).with_context(|| format!("send SIGTERM to {}", self.name))?;
        match tokio::time::timeout(grace, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(_) => bail!("{} did not exit cleanly; see {}", self.name, self.log.display()),
            Err(_elapsed) => {
                self.child.kill().await?;
                bail!("{} did not exit in time and was killed; see {}", self.name, self.log.display())
            }
        }
    }
}

/// The resident memory of a process, in MB; `None` if it cannot be read.
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
    /// Returns when a service has exited, which it should not; the error says which and how.
    pub async fn died(&mut self) -> anyhow::Error {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let each = self.0.iter_mut().map(|service| Box::pin(service.died()));
        futures_util::future::select_all(each).await.0
    }

    /// Stops all services, each within `grace`.
    ///
    /// # Errors
    /// When one of them did not exit cleanly.
    pub async fn stop(self, grace: Duration) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for service in self.0 {
            outcome = outcome.and(service.stop(grace).await);
        }
        outcome
    }
}
