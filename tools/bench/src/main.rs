//! Measures the platform on one machine against its targets, and writes `report.json`, `report.md`
//! and `latency.svg`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program writes to the terminal")]

mod caller;
mod commands;
mod conditions;
mod day;
mod floor;
mod harness;
mod load;
mod meters;
mod numbers;
mod plan;
mod platform;
mod reads;
mod report;
mod run;
mod run_segment;
mod search;
mod server;
mod takeover;
mod truth;
mod visibility;

use anyhow::{Context as _, anyhow};
use conditions::Conditions;
use launch::narrator::heading;
use launch::{told_to_end, variable};
use meters::Broker;
use plan::Plan;
use platform::{Names, clean_up};
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const USAGE: &str =
    "usage: bench [quick] [tail|commands|reads|truth] [idle] [ingestors=N] [partitions=N] [pace=MS]
  quick      the same steps, small and short, to try the tool; the figures are meaningless
  tail       600 events/s of 100,000 devices only, two minutes; the report goes to a folder of its own
  commands   commands only, four minutes; the report goes to a folder of its own
  reads      reads only, four minutes; the report goes to a folder of its own
  truth      the time to truth only, seven minutes; the report goes to a folder of its own
  idle       for truth: the devices of the killed pod send nothing before the kill, except answers to probes
  pace=MS    for truth: milliseconds between two events of a gateway pod, 10 by default

usage: bench day, bench weigh: arithmetic for fleets that no machine here carries, docs/scaling.md

Requires DATABASE_URL, REDIS_URL and KAFKA_BROKERS; `make bench` sets them.";

/// The time limit of a run, longer than any run takes.
const LIMIT: Duration = Duration::from_secs(35 * 60);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.split_first() {
        Some((word, rest)) if word == "day" => return told(day::simulate(rest.iter().cloned())),
        Some((word, [])) if word == "weigh" => return weigh(),
        _ => {}
    }
    let plan = match Plan::parse(words) {
        Ok(plan) => plan,
        Err(error) => {
            eprintln!("{error:#}\n\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("✗ cannot start the async runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(measure(&plan)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What one event comes to, on a server that nobody else uses.
fn weigh() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.context("no runtime");
    told(runtime.and_then(|runtime| runtime.block_on(Box::pin(day::weigh::measure()))))
}

/// Prints a report, or why there is none.
fn told(report: anyhow::Result<String>) -> ExitCode {
    match report {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}\n\n{}", day::USAGE);
            ExitCode::FAILURE
        }
    }
}

/// Measures, cleans up whatever the result, and writes what was measured.
async fn measure(plan: &Plan) -> anyhow::Result<()> {
    let begun = Instant::now();
    let folder = folder()?;
    let brokers = variable("KAFKA_BROKERS")?;
    let broker = Broker::at(brokers.split(',').next().unwrap_or_default());
    let url = variable("DATABASE_URL")?;
    let conditions = Conditions::look(plan, &url, &broker).await.context("read the conditions of the run")?;
    let mut report = Report::new(plan.mode, conditions);
    let names = [Names::new(), Names::new()];
    let played = tokio::select! {
        played = tokio::time::timeout(LIMIT, Box::pin(run::play(plan, &names, &folder, &broker, &mut report))) => {
            played.unwrap_or_else(|_elapsed| Err(anyhow!("the run took longer than {LIMIT:?}")))
        }
        () = told_to_end() => Err(anyhow!("the run was interrupted")),
    };
    heading("The end");
    for names in &names {
        clean_up(names).await;
    }
    if report.has_figures() {
        report.judge();
        // An incomplete report must not replace a complete one.
        let folder = match (report.complete, plan.only) {
            (true, None) => folder,
            (true, Some(chapter)) => folder.join(chapter.name()),
            (false, _) => folder.join("incomplete"),
        };
        report.write(&folder)?;
        println!("\n{}", report.markdown());
        let took = begun.elapsed().as_secs();
        println!(
            "{} min {} s; report.md, report.json and latency.svg are in {}",
            took / 60,
            took % 60,
            folder.display()
        );
    }
    played
}

/// The folder `bench` in cargo's target folder, which contains this program.
fn folder() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("this program is not in a target folder of cargo")?;
    Ok(target.join("bench"))
}
