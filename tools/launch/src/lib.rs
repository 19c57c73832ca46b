//! What the programs on the operator's side share, `demo` and `bench`: the services as processes, their HTTP faces, and
//! the person at the terminal.

#![expect(clippy::print_stdout, reason = "these programs talk to the person who started them")]

mod api;
pub mod commands;
mod environment;
mod latencies;
pub mod narrator;
pub mod open_loop;
mod ports;
mod processes;
mod readiness;
mod signals;

pub use api::{Answer, Api};
pub use environment::{kafka, redis, variable};
pub use latencies::{Latencies, percentile};
pub use ports::Ports;
pub use processes::{Process, Services, resident_mb};
pub use readiness::ready;
pub use signals::told_to_end;
