//! The environment of a run, and which processes shared the cores.

use crate::database;
use crate::meters::Broker;
use crate::plan::Plan;
use crate::server::{self, Setting};
use serde::Serialize;
use std::fs::read_to_string;
use std::process::Stdio;
use tokio::process::Command;

/// The environment of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Conditions {
    /// When the run began.
    pub date: String,
    /// The commit, with `+` if the checkout had changes.
    pub commit: String,
    /// Whether this program was built with optimisations: `release` or `debug`.
    pub profile: &'static str,
    /// Available cores.
    pub cores: usize,
    /// The name of the processor.
    pub cpu: String,
    /// Memory of the machine, in GB.
    pub memory_gb: f64,
    /// The kernel's release.
    pub kernel: String,
    /// The load averages over 1, 5 and 15 minutes before the start.
    pub load_before: String,
    /// PostgreSQL's version and settings.
    pub postgres: Vec<Setting>,
    /// The broker's version, if its process shows it.
    pub kafka: Option<String>,
    /// The maximum heap of the broker's JVM, if its process shows it.
    pub kafka_heap: Option<String>,
    /// Whether PostgreSQL and the broker run on this machine; if not, their CPU and memory are not
    /// in the report.
    pub servers_are_here: bool,
    /// Ingestors that share the partitions, except in the takeover.
    pub ingestors: usize,
    /// Partitions of the event topic.
    pub partitions: i32,
}

impl Conditions {
    /// Collects the conditions.
    pub async fn collect(plan: &Plan, url: &str, broker: &Broker) -> anyhow::Result<Self> {
        let mut connection = database::connect(url).await?;
        let backend = server::backend(&mut connection).await?;
        let postgres_is_here = crate::meters::Meters::postgres_of(backend).is_some();
        let first = |path: &str| read_to_string(path).unwrap_or_default().trim().to_owned();
        Ok(Self {
            date: runtime::clock::now().format("%Y-%m-%d %H:%M UTC").to_string(),
            commit: commit().await,
            profile: if cfg!(debug_assertions) { "debug" } else { "release" },
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            cpu: value(&first("/proc/cpuinfo"), "model name").unwrap_or_default(),
            memory_gb: value(&first("/proc/meminfo"), "MemTotal").map_or(0.0, |kib| gigabytes(&kib)),
            kernel: first("/proc/sys/kernel/osrelease"),
            load_before: first("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" "),
            postgres: server::settings(&mut connection).await?,
            kafka: broker.version.clone(),
            kafka_heap: broker.heap.clone(),
            servers_are_here: postgres_is_here && broker.pid.is_some(),
            ingestors: plan.ingestors,
            partitions: plan.partitions,
        })
    }
}

/// The value of the first line `name : value`.
fn value(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn gigabytes(kib: &str) -> f64 {
    let kib: f64 = kib.trim_end_matches(" kB").parse().unwrap_or_default();
    (kib / 1024.0 / 1024.0).round()
}

/// The commit; `unknown` outside of a checkout.
async fn commit() -> String {
    let git = async |words: &[&str]| {
        let output = Command::new("git").args(words).stdin(Stdio::null()).output().await.ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]).await else {
        return "unknown".to_owned();
    };
    let changes = git(&["status", "--porcelain", "--untracked-files=no"]).await.unwrap_or_default();
    if changes.is_empty() { commit } else { format!("{commit}+") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_names() {
        let text = "processor\t: 0\nmodel name\t: Some CPU: fast\nMemTotal:       24000000 kB\n";
        assert_eq!(value(text, "model name").as_deref(), Some("Some CPU: fast"));
        assert_eq!(value(text, "MemTotal").map(|kib| gigabytes(&kib)), Some(23.0));
        assert_eq!(value(text, "flags"), None);
    }
}
