//! The event-ingestor process.

use std::process::ExitCode;

/// Batches are many small allocations that are freed on other threads; the system allocator keeps twice the memory for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    runtime::Service::new("event-ingestor", event_ingestor::DEFAULTS).run(event_ingestor::serve)
}
