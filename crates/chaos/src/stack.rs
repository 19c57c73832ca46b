//! Servers of the campaign's own, which it may stop and kill: a second one-machine stack beside the developer's.

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long a server may take to end.
const ENDING: Duration = Duration::from_secs(40);

/// Ports that neither a developer's stack nor that of the CI has, below those that the system gives out by itself.
const PORTS: [(&str, u16); 4] = [
    ("STACK_PG_PORT", 27_432),
    ("STACK_REDIS_PORT", 27_379),
    ("STACK_KAFKA_PORT", 27_092),
    ("STACK_KAFKA_CONTROLLER_PORT", 27_093),
];
/// A server that the stack would take for given instead of starting its own.
const GIVEN: [&str; 3] = ["DATABASE_URL", "REDIS_URL", "KAFKA_BROKERS"];

/// The stack.
#[derive(Debug)]
pub struct Stack {
    script: PathBuf,
    folder: PathBuf,
}

/// How a server is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// As an operator would: it ends its sessions and writes what it has.
    Orderly,
    /// At once, as a power cut would; it has to recover.
    Crash,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Orderly => "stop it",
            Self::Crash => "crash it",
        })
    }
}

impl Stack {
    /// The stack in a folder of this checkout.
    #[must_use]
    pub fn of_this_checkout() -> Self {
        // Without ".." in it: servers are found by the paths on their command lines, which they tidy up.
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("/"));
        Self { script: checkout.join("deploy/local/stack"), folder: checkout.join(".stack-chaos") }
    }

    /// Starts what does not run.
    ///
    /// # Errors
    /// When a server does not start.
    pub async fn up(&self) -> anyhow::Result<()> {
        self.borrow_jars();
        self.run("up").await
    }

    /// Stops all, and deletes what it left.
    ///
    /// # Errors
    /// When a server does not stop.
    pub async fn remove(&self) -> anyhow::Result<()> {
        self.run("reset").await?;
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder).context("remove the stack's folder")?;
        }
        Ok(())
    }

    /// A server that databases can be made on.
    #[must_use]
    pub fn database_url(&self) -> String {
        format!("postgres://charging@127.0.0.1:{}/charging", port("STACK_PG_PORT"))
    }

    /// Kafka.
    #[must_use]
    pub fn brokers(&self) -> String {
        format!("127.0.0.1:{}", port("STACK_KAFKA_PORT"))
    }

    /// Ends Postgres and starts it again.
    ///
    /// # Errors
    /// When it does not end, or not start.
    pub async fn restart_postgres(&self, stop: Stop) -> anyhow::Result<()> {
        let home = std::fs::read_to_string(self.folder.join("postgres-home"));
        let home = home.map_or_else(|_| self.folder.join("postgres"), |home| PathBuf::from(home.trim()));
        let signal = match stop {
            Stop::Orderly => Signal::INT,
            Stop::Crash => Signal::QUIT,
        };
        end(&home.join("data/postmaster.pid"), signal).await.context("end Postgres")?;
        self.run("up").await
    }

    /// Ends Kafka and starts it again.
    ///
    /// # Errors
    /// When it does not end, or not start.
    pub async fn restart_broker(&self, stop: Stop) -> anyhow::Result<()> {
        let signal = match stop {
            Stop::Orderly => Signal::TERM,
            Stop::Crash => Signal::KILL,
        };
        end(&self.folder.join("kafka/kafka.pid"), signal).await.context("end Kafka")?;
        self.run("up").await
    }

    async fn run(&self, command: &str) -> anyhow::Result<()> {
        let mut call = Command::new(&self.script);
        call.arg(command).env("STACK_DIR", &self.folder).env("STACK_BROKER", "kafka");
        call.envs(PORTS.map(|(name, port)| (name, port.to_string())));
        for name in GIVEN {
            call.env_remove(name);
        }
        // A Ctrl-C at the terminal is for the campaign, which then stops the servers.
        call.stdin(Stdio::null()).process_group(0).kill_on_drop(true);
        let output = call.output().await.with_context(|| format!("run {}", self.script.display()))?;
        if !output.status.success() {
            bail!("{} {command} failed:\n{}", self.script.display(), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Takes Kafka's jars from the developer's stack, if they are there, instead of fetching them.
    fn borrow_jars(&self) {
        let (theirs, ours) = (self.folder.with_file_name(".stack/kafka"), self.folder.join("kafka"));
        let copied = || -> std::io::Result<()> {
            std::fs::create_dir_all(ours.join("lib"))?;
            for jar in std::fs::read_dir(theirs.join("lib"))? {
                let jar = jar?;
                std::fs::copy(jar.path(), ours.join("lib").join(jar.file_name()))?;
            }
            std::fs::copy(theirs.join("lib.for"), ours.join("lib.for"))?;
            // What makes the folder a stack's.
            std::fs::write(self.folder.join("charging-stack"), "")
        };
        if !ours.join("lib.for").exists() && theirs.join("lib.for").exists() && copied().is_err() {
            // Half a copy is noticed by the stack, which then fetches them all.
            drop(std::fs::remove_dir_all(&ours));
        }
    }
}

fn port(name: &str) -> u16 {
    PORTS.into_iter().find(|(known, _)| *known == name).map_or(0, |(_, port)| port)
}

/// Signals the process whose id is the first line of `file`, and waits until it is gone.
async fn end(file: &Path, signal: Signal) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw);
    let pid = pid.with_context(|| format!("no process id in {}", file.display()))?;
    kill_process(pid, signal)?;
    let gone = async || Ok(is_gone(pid));
    crate::waiting::wait_until("the process to end", ENDING, gone).await?;
    Ok(())
}

/// Gone, or dead and not yet collected by whoever started it.
fn is_gone(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let is_dead =
        stat.is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')));
    is_dead || test_kill_process(pid).is_err()
}
