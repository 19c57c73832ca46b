//! `pgbench`, which is part of `PostgreSQL`: the server's throughput for given statements with
//! almost no overhead.

use crate::numbers::{float, round, share};
use crate::report::Latency;
use anyhow::{Context as _, ensure};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// Where Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The session settings of the services, without time-outs.
const SESSION: &str = "-c jit=off -c timezone=UTC";
/// Threads of `pgbench` itself.
const THREADS: usize = 2;
/// Longer than `pgbench` takes to start and to exit.
const MARGIN: Duration = Duration::from_secs(30);

/// A `pgbench` binary.
pub struct Pgbench {
    program: PathBuf,
    url: String,
    folder: PathBuf,
    /// As many connections as the service has.
    connections: usize,
}

/// The duration of a run.
#[derive(Debug, Clone, Copy)]
pub struct Length {
    /// The time that does not count.
    pub warm_up: Duration,
    /// The time that counts.
    pub measured: Duration,
}

/// The result of a run.
#[derive(Debug, Clone, Copy)]
pub struct PgbenchResult {
    /// Transactions per second; each contains the statements of one request.
    pub per_s: f64,
    /// From when each transaction was due.
    pub latency: Latency,
}

impl Pgbench {
    /// The `pgbench` of the server at `url`, whose version is `version`; scripts and logs go to
    /// `folder`.
    pub fn find(version: &str, url: &str, folder: &Path, connections: usize) -> anyhow::Result<Self> {
        let major = version.split('.').next().unwrap_or_default();
        let installed = Path::new(VERSIONS).join(major).join("bin/pgbench");
        let program = if installed.exists() { installed } else { PathBuf::from("pgbench") };
        let folder = folder.join("pgbench");
        std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        Ok(Self { program, url: url.to_owned(), folder, connections })
    }

    /// Runs `scripts`, one per transaction, chosen at random: as fast as possible, or `rate` per
    /// second.
    pub async fn run(
        &self,
        scripts: &[String],
        rate: Option<u32>,
        length: Length,
    ) -> anyhow::Result<PgbenchResult> {
        self.clear()?;
        let seconds = (length.warm_up + length.measured).as_secs();
        let mut command = Command::new(&self.program);
        command.args(["--no-vacuum", "--protocol=prepared", "--log"]);
        command.arg(format!("--client={}", self.connections)).arg(format!("--jobs={THREADS}"));
        command.arg(format!("--time={seconds}")).arg(format!("--log-prefix={}", self.file("log").display()));
        command.args(rate.map(|rate| format!("--rate={rate}")));
        for (number, script) in scripts.iter().enumerate() {
            let file = self.file(&format!("{number}.sql"));
            std::fs::write(&file, script).with_context(|| format!("write {}", file.display()))?;
            command.arg(format!("--file={}", file.display()));
        }
        command.arg(&self.url).env("PGOPTIONS", SESSION).stdin(Stdio::null()).kill_on_drop(true);
        let ended = tokio::time::timeout(length.warm_up + length.measured + MARGIN, command.output()).await;
        let output = ended.context("pgbench did not exit in time")?;
        let output =
            output.with_context(|| format!("run {}, which comes with PostgreSQL", self.program.display()))?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        // It continues when a client fails, and then measures only the others.
        ensure!(output.status.success() && !stderr.contains("error"), "pgbench failed:\n{stderr}");
        let log = self.read_log()?;
        self.clear()?;
        count(&log, length)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Removes the files of an earlier run.
    fn clear(&self) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(&self.folder)? {
            std::fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// The logs of all its threads.
    fn read_log(&self) -> anyhow::Result<String> {
        let mut log = String::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with("log.") {
                log += &std::fs::read_to_string(entry.path())?;
            }
        }
        Ok(log)
    }
}

/// Counts the transactions that ended in the measured time. The fields of a line are: client,
/// number, µs from when it was due, script, and the end in s and µs.
fn count(log: &str, length: Length) -> anyhow::Result<PgbenchResult> {
    let mut ended = Vec::new();
    for line in log.lines() {
        let numbers: Vec<u64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [_, _, took, _, seconds, micros, ..] = numbers[..] else {
            anyhow::bail!("invalid line in the log of pgbench: {line}");
        };
        ended.push((seconds * 1_000_000 + micros, u32::try_from(took)?));
    }
    let last = ended.iter().map(|(at, _)| *at).max().context("pgbench ended no transaction")?;
    let measured = u64::try_from(length.measured.as_micros())?;
    let first = last.saturating_sub(measured);
    let took: Vec<u32> = ended.iter().filter(|(at, _)| *at > first).map(|(_, took)| *took).collect();
    let done = float(u64::try_from(took.len())?);
    let per_s = round(share(done, length.measured.as_secs_f64()), 1);
    Ok(PgbenchResult { per_s, latency: Latency::of(took) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_transactions_that_ended_in_the_measured_time() {
        let seconds = Duration::from_secs;
        let length = Length { warm_up: seconds(1), measured: seconds(2) };
        // Slow ones in the first second; the last column exists if a rate was given.
        let log = "0 1 900000 0 100 500000\n\
                   0 2 4000 0 101 100001 7\n\
                   1 1 2000 3 102 200000 9\n\
                   1 2 2000 3 103 100000\n";
        let result = count(log, length).unwrap();
        assert!(
            (result.per_s - 1.5).abs() < 1e-9 && (result.latency.max_ms - 4.0).abs() < 1e-9,
            "{result:?}"
        );
        assert!(count("", length).is_err());
        assert!(count("0 1 skipped 0 100 5\n", length).is_err());
    }
}
