//! The campaign's own servers, which it may stop and kill: a second one-machine stack next to the
//! developer's.

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;

/// The time within which a server must exit.
const EXIT_TIMEOUT: Duration = Duration::from_secs(120);
/// The time within which a killed server must exit, and the interval of the checks.
const KILL_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Ports that neither a developer's stack nor that of the CI uses, below the ephemeral ports of the
/// system.
const PORTS: [(&str, u16); 4] = [
    ("STACK_PG_PORT", 27_432),
    ("STACK_REDIS_PORT", 27_379),
    ("STACK_KAFKA_PORT", 27_092),
    ("STACK_KAFKA_CONTROLLER_PORT", 27_093),
];
/// The locale of the server's messages.
const MESSAGES: &str = "zh_CN.UTF-8";
/// The variables of servers that the stack would use instead of starting its own.
const GIVEN: [&str; 3] = ["DATABASE_URL", "REDIS_URL", "KAFKA_BROKERS"];

/// The stack.
#[derive(Debug)]
pub struct Stack {
    script: PathBuf,
    folder: PathBuf,
    ports: [(&'static str, u16); 4],
    /// Variables of servers that the stack would use instead of starting its own; they are removed.
    ignored: &'static [&'static str],
}

/// How a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// As an operator would stop it: it ends its sessions and writes its data.
    Orderly,
    /// At once, as in a power failure; it has to recover.
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
        // Without ".." in the path: servers are found by the normalised paths on their command
        // lines.
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("/"));
        let (script, folder) = (checkout.join("deploy/local/stack"), checkout.join(".stack-chaos"));
        Self { script, folder, ports: PORTS, ignored: &GIVEN }
    }

    /// Starts the servers that do not run.
    ///
    /// # Errors
    /// When a server does not start.
    pub async fn up(&self) -> anyhow::Result<()> {
        self.copy_jars();
        self.run("up").await
    }

    /// Stops all servers, and deletes their data.
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

    /// The URL of a server on which databases can be created.
    #[must_use]
    pub fn database_url(&self) -> String {
        format!("postgres://charging@127.0.0.1:{}/charging", self.port("STACK_PG_PORT"))
    }

    /// The address of Kafka.
    #[must_use]
    pub fn brokers(&self) -> String {
        format!("127.0.0.1:{}", self.port("STACK_KAFKA_PORT"))
    }

    /// Stops PostgreSQL and starts it again.
    ///
    /// # Errors
    /// When it does not stop or start.
    pub async fn restart_postgres(&self, stop: Stop) -> anyhow::Result<()> {
        let home = std::fs::read_to_string(self.folder.join("postgres-home"));
        let home = home.map_or_else(|_| self.folder.join("postgres"), |home| PathBuf::from(home.trim()));
        let signal = match stop {
            Stop::Orderly => Signal::INT,
            Stop::Crash => Signal::QUIT,
        };
        signal_and_wait(&home.join("data/postmaster.pid"), signal).await.context("stop PostgreSQL")?;
        self.run("up").await
    }

    /// A stack of only the broker, in its own folder and on these ports; the other servers are not
    /// touched.
    pub(crate) fn of_broker(folder: PathBuf, port: u16, controller_port: u16) -> Self {
        let [postgres, redis, ..] = PORTS;
        let ports =
            [postgres, redis, ("STACK_KAFKA_PORT", port), ("STACK_KAFKA_CONTROLLER_PORT", controller_port)];
        Self { folder, ports, ignored: &["KAFKA_BROKERS"], ..Self::of_this_checkout() }
    }

    /// Stops Kafka and starts it again.
    ///
    /// # Errors
    /// When it does not stop or start.
    pub async fn restart_broker(&self, stop: Stop) -> anyhow::Result<()> {
        let signal = match stop {
            Stop::Orderly => Signal::TERM,
            Stop::Crash => Signal::KILL,
        };
        signal_and_wait(&self.broker_pid_file(), signal).await.context("stop Kafka")?;
        self.run("up").await
    }

    /// Sends a signal to Kafka.
    ///
    /// # Errors
    /// When it does not run.
    pub(crate) fn signal_broker(&self, signal: Signal) -> anyhow::Result<()> {
        Ok(kill_process(pid_in(&self.broker_pid_file())?, signal)?)
    }

    /// Kills Kafka and waits until it is gone; for callers that cannot await.
    ///
    /// # Errors
    /// When it does not run.
    pub(crate) fn kill_broker(&self) -> anyhow::Result<()> {
        let pid = pid_in(&self.broker_pid_file())?;
        kill_process(pid, Signal::KILL)?;
        let begun = Instant::now();
        while !is_gone(pid) && begun.elapsed() < KILL_TIMEOUT {
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// The folder of the stack.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of Kafka's logs.
    pub(crate) fn broker_data(&self) -> PathBuf {
        self.folder.join("kafka/data")
    }

    fn broker_pid_file(&self) -> PathBuf {
        self.folder.join("kafka/kafka.pid")
    }

    fn port(&self, name: &str) -> u16 {
        self.ports.into_iter().find(|(known, _)| *known == name).map_or(0, |(_, port)| port)
    }

    async fn run(&self, command: &str) -> anyhow::Result<()> {
        let mut call = Command::new(&self.script);
        call.arg(command).env("STACK_DIR", &self.folder).env("STACK_BROKER", "kafka");
        call.envs(self.ports.map(|(name, port)| (name, port.to_string())));
        // For ingestors that may not choose another language.
        call.env("STACK_PG_MESSAGES", MESSAGES);
        for name in self.ignored {
            call.env_remove(name);
        }
        // Ctrl-C at the terminal is for the campaign, which then stops the servers.
        call.stdin(Stdio::null()).process_group(0).kill_on_drop(true);
        let output = call.output().await.with_context(|| format!("run {}", self.script.display()))?;
        if !output.status.success() {
            bail!("{} {command} failed:\n{}", self.script.display(), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Copies Kafka's jars from the developer's stack, if they exist, instead of downloading
    /// them.
    fn copy_jars(&self) {
        let (from, to) = (self.script.with_file_name("../../.stack/kafka"), self.folder.join("kafka"));
        let copied = || -> std::io::Result<()> {
            std::fs::create_dir_all(to.join("lib"))?;
            for jar in std::fs::read_dir(from.join("lib"))? {
                let jar = jar?;
                std::fs::copy(jar.path(), to.join("lib").join(jar.file_name()))?;
            }
            std::fs::copy(from.join("lib.for"), to.join("lib.for"))?;
            // The file that marks the folder as that of a stack.
            std::fs::write(self.folder.join("charging-stack"), "")
        };
        if !to.join("lib.for").exists() && from.join("lib.for").exists() && copied().is_err() {
            // The stack notices an incomplete copy and then downloads all jars.
            drop(std::fs::remove_dir_all(&to));
        }
    }
}

/// Sends a signal to the process whose id is in the first line of `file`, and waits until it is
/// gone.
async fn signal_and_wait(file: &Path, signal: Signal) -> anyhow::Result<()> {
    let pid = pid_in(file)?;
    kill_process(pid, signal)?;
    let gone = async || Ok(is_gone(pid));
    crate::waiting::wait_until("the process to exit", EXIT_TIMEOUT, gone).await?;
    Ok(())
}

fn pid_in(file: &Path) -> anyhow::Result<Pid> {
    let text = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw);
    pid.with_context(|| format!("no process id in {}", file.display()))
}

/// Gone, or a zombie that its parent has not reaped yet.
fn is_gone(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let is_dead =
        stat.is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')));
    is_dead || test_kill_process(pid).is_err()
}
