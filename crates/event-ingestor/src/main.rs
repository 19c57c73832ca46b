//! The event-ingestor process.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::Service::new("event-ingestor", event_ingestor::DEFAULTS).run(event_ingestor::serve)
}
