//! The platform on one machine: its story told step by step, or kept running to play with.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program talks to the person who started it"
)]

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
  story   play what the platform does, step by step, and check every step
  run     keep everything running with a simulated fleet, until Ctrl-C

With ISSUER, a folder that holds the key of a development issuer, or will, the services ask for tokens.
Needs DATABASE_URL, REDIS_URL and KAFKA_BROKERS: `make demo` and `make run` set them.";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let issuer = words.next().map(PathBuf::from);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("no runtime: {error}");
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

/// Starts the services, plays, and ends them again however the play ended; Ctrl-C ends it too.
async fn on_stage(
    ports: Ports,
    issuer: Option<&Path>,
    play: impl AsyncFnOnce(&Stage) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (stage, mut services) = tokio::select! {
        set_up = Stage::set_up(ports, issuer) => set_up.context("set up")?,
        // What was started by then ends with the future that holds it.
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
