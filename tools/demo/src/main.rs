//! Runs the platform on one machine: runs a story step by step, or keeps it running.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program writes to the terminal")]

mod environment;
mod measure;
mod story;

use anyhow::{Context as _, bail};
use environment::Environment;
use launch::{Ports, output, shutdown_requested};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: demo COMMAND [ISSUER]
  story   run the platform through a session step by step, and check every step
  run     keep the platform running with simulated devices until Ctrl-C

With ISSUER, the services require tokens of the development issuer whose key is in the folder ISSUER.\nThe key is created if it does not exist.
Requires DATABASE_URL, REDIS_URL and KAFKA_BROKERS; `make demo` and `make run` set them.";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let issuer = words.next().map(PathBuf::from);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("✗ cannot start the async runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(&command, issuer.as_deref())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: &str, issuer: Option<&Path>) -> anyhow::Result<()> {
    match command {
        "story" => {
            in_environment(Ports::Free, issuer, async |environment| story::run(environment).await).await
        }
        "run" => {
            in_environment(Ports::Documented, issuer, async |environment| {
                story::keep_running(environment).await
            })
            .await
        }
        _ => bail!("{USAGE}"),
    }
}

/// Starts the services, runs `work`, and stops the services whatever the result; Ctrl-C ends it,
/// too.
async fn in_environment(
    ports: Ports,
    issuer: Option<&Path>,
    work: impl AsyncFnOnce(&Environment) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (environment, mut services) = tokio::select! {
        set_up = Environment::set_up(ports, issuer) => set_up.context("set up")?,
        // Processes that were started by then end when this future is dropped.
        () = shutdown_requested() => return Ok(()),
    };
    let outcome = tokio::select! {
        outcome = work(&environment) => outcome,
        () = shutdown_requested() => Ok(()),
        died = services.died() => Err(died),
    };
    output::progress("stopping the services");
    environment.simulator_stop.request();
    let stopped = services.stop(Duration::from_secs(25)).await;
    outcome.and(stopped)
}
