//! Measures the platform on one machine against its targets, and writes `report.json`, `report.md`
//! and `latency.svg`.
//!
//! The public part is what the capacity model shares with the benchmark: databases of a run, the
//! fold of a batch, and the conversion of numbers.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program writes to the terminal")]

mod cells;
mod check;
mod command_line;
mod commands;
mod conditions;
pub mod database;
mod floor;
mod harness;
mod http_client;
mod indexes;
mod limits;
mod load;
mod meters;
pub mod numbers;
mod plan;
mod platform;
mod ratios;
mod reads;
mod report;
mod run;
mod run_segment;
mod search;
mod server;
mod svg;
mod takeover;
mod truth;
mod visibility;

pub use command_line::execute;
pub use floor::fold_batch;
