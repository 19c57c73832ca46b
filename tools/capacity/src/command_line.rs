//! The command line.

use crate::faults::default_faults;
use crate::fleet::Fleet;
use crate::simulation::simulate;
use crate::{measure, report};
use anyhow::{Context as _, bail};
use std::process::ExitCode;

const USAGE: &str =
    "usage: capacity day [piles=N] [heartbeat=S] [meter=S] [sessions=PER_DAY] [session=MINUTES] [cores=N]
                    [checkpoint=MINUTES] [seed=N]
       capacity measure
  day       simulates a day: prints its hours and totals next to an estimate from averages
  measure   measures the bytes and rows of one event of each kind on the server of DATABASE_URL, which must have
            no other clients meanwhile";

/// Prints the report that the arguments of the process ask for.
pub fn execute() -> ExitCode {
    match create_report(std::env::args().skip(1)) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}\n\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn create_report(mut words: impl Iterator<Item = String>) -> anyhow::Result<String> {
    let command = words.next().unwrap_or_default();
    match command.as_str() {
        "day" => {
            let fleet = Fleet::parse(words)?;
            Ok(report::markdown(&fleet, &simulate(&fleet, &default_faults())))
        }
        "measure" => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            runtime.context("cannot start the async runtime")?.block_on(Box::pin(measure::measure()))
        }
        _ => bail!("`{command}` is not one of day, measure"),
    }
}
