//! Runs the platform on one machine: plays a story step by step, or keeps it running.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program writes to the terminal")]

mod measure;
mod stage;
mod story;

use anyhow::{Context as _, bail};
use launch::{Ports, narrator, told_to_end};
use stage::Stage;
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
    match runtime.block_on(play(&command, issuer.as_deref())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn play(command: &str, issuer: Option<&Path>) -> anyhow::Result<()> {
    match command {
        "story" => on_stage(Ports::Free, issuer, async |stage| story::tell(stage).await).await,
        "run" => on_stage(Ports::Usual, issuer, async |stage| story::keep_running(stage).await).await,
        _ => bail!("{USAGE}"),
    }
}

/// Starts the services, runs `play`, and stops the services whatever the result; Ctrl-C ends it,
/// too.
async fn on_stage(
    ports: Ports,
    issuer: Option<&Path>,
    play: impl AsyncFnOnce(&Stage) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (stage, mut services) = tokio::select! {
        set_up = Stage::set_up(ports, issuer) => set_up.context("set up")?,
        // Processes that were started by then end when this future is dropped.
        () = told_to_end() => return Ok(()),
    };
    let outcome = tokio::select! {
        outcome = play(&stage) => outcome,
        () = told_to_end() => Ok(()),
        died = services.died() => Err(died),
    };
    narrator::say("stopping the services");
    stage.simulator_stop.request();
    let stopped = services.stop(Duration::from_secs(25)).await;
    outcome.and(stopped)
}
