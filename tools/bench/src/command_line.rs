//! The command line, and what surrounds a run: conditions, time limit, cleaning up, the report.

use crate::conditions::Conditions;
use crate::meters::Broker;
use crate::plan::Plan;
use crate::platform::{Names, clean_up};
use crate::report::Report;
use crate::run;
use anyhow::{Context as _, anyhow};
use launch::output::heading;
use launch::{shutdown_requested, variable};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str =
    "usage: bench [quick] [check|tail|fleets|commands|reads|sessions|retention|truth|limits|cells] [idle] [ingestors=N] [partitions=N] [pace=MS] [sessions=N] [stations=N]
  quick      the same steps, small and short, to try the tool; the figures are meaningless
  check      the ratios of tools/bench/reached.toml only, three minutes; fails if one misses its threshold
  tail       600 events/s of 100,000 devices only, two minutes; the report goes to a folder of its own
  fleets     the cost per event with 100,000 and 1,000,000 devices, and what they cost while they send nothing; 15 minutes; not part of a full run
  commands   commands only, four minutes; the report goes to a folder of its own
  reads      reads only, four minutes; the report goes to a folder of its own
  sessions   lists and exports of 10,000,000 sessions only; not part of a full run; the report goes to a folder of its own
  retention  commands while half of 10,000,000 old ones are deleted, and without; not part of a full run
  truth      the time to truth only, seven minutes; the report goes to a folder of its own
  limits     the overshoot of limits of sessions only, three minutes; the report goes to a folder of its own
  cells      two cells in two schemas against one only, two minutes; the report goes to a folder of its own
  idle       for truth: the devices of the killed pod send nothing before the kill, except answers to probes
  pace=MS    for truth: milliseconds between two events of a gateway pod, 10 by default
  sessions=N for sessions: how many the database contains, 100,000 to 20,000,000
  stations=N for reads: how many the database contains, with ten times as many piles, 10,000 to 100,000

Requires DATABASE_URL, REDIS_URL and KAFKA_BROKERS; `make bench` sets them.";

/// Runs the benchmark that the arguments of the process ask for.
pub fn execute() -> ExitCode {
    let plan = match Plan::parse(std::env::args().skip(1)) {
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

/// Measures, cleans up whatever the result, and writes what was measured.
async fn measure(plan: &Plan) -> anyhow::Result<()> {
    let begun = Instant::now();
    let folder = folder()?;
    let brokers = variable("KAFKA_BROKERS")?;
    let broker = Broker::at(brokers.split(',').next().unwrap_or_default());
    let url = variable("DATABASE_URL")?;
    let conditions =
        Conditions::collect(plan, &url, &broker).await.context("read the conditions of the run")?;
    let mut report = Report::new(plan.mode, conditions);
    let names = std::array::from_fn(|_| Names::new());
    let limit = plan.limit();
    let measured = tokio::select! {
        measured = tokio::time::timeout(limit, Box::pin(run::measure_all(plan, &names, &folder, &broker, &mut report))) => {
            measured.unwrap_or_else(|_elapsed| Err(anyhow!("the run took longer than {limit:?}")))
        }
        () = shutdown_requested() => Err(anyhow!("the run was interrupted")),
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
            "{} min {} s; report.md, report.json, ratios.toml and the charts are in {}",
            took / 60,
            took % 60,
            folder.display()
        );
    }
    measured
}

/// The folder `bench` in cargo's target folder, which contains this program.
fn folder() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("this program is not in a target folder of cargo")?;
    Ok(target.join("bench"))
}
