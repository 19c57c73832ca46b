//! The command line.

use crate::fleet::{Fleet, usual_troubles};
use crate::{minutes, report, weigh};
use anyhow::{Context as _, bail};
use std::process::ExitCode;

const USAGE: &str =
    "usage: capacity day [piles=N] [heartbeat=S] [meter=S] [sessions=PER_DAY] [session=MINUTES] [cores=N]
                    [checkpoint=MINUTES] [seed=N]
       capacity weigh
  day     a simulated day: prints its hours, its figures, and what arithmetic says of them
  weigh   measures bytes and rows of one event of each kind on DATABASE_URL, which nobody else may use meanwhile";

/// Prints the report that the arguments of the process ask for.
pub fn execute() -> ExitCode {
    match report(std::env::args().skip(1)) {
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

fn report(mut words: impl Iterator<Item = String>) -> anyhow::Result<String> {
    let command = words.next().unwrap_or_default();
    match command.as_str() {
        "day" => {
            let fleet = Fleet::parse(words)?;
            Ok(report::markdown(&fleet, &minutes::play(&fleet, &usual_troubles())))
        }
        "weigh" => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            runtime.context("cannot start the async runtime")?.block_on(Box::pin(weigh::measure()))
        }
        _ => bail!("`{command}` is not one of day, weigh"),
    }
}
