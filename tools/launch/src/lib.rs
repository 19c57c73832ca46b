//! What the programs `demo` and `bench` share: the services as processes, clients of their HTTP
//! APIs, and terminal output.

#![expect(clippy::print_stdout, reason = "these programs write to the terminal")]

mod api;
pub mod commands;
mod environment;
mod latencies;
pub mod open_loop;
pub mod output;
mod ports;
mod processes;
mod readiness;
mod signals;

pub use api::{Api, Response};
pub use environment::{kafka, redis, variable};
pub use latencies::{Latencies, percentile};
pub use ports::Ports;
pub use processes::{Process, Services, resident_mb};
pub use readiness::ready;
pub use signals::shutdown_requested;
