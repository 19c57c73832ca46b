//! The event-ingestor process.

use std::process::ExitCode;

/// Batches are many small allocations that are freed on other threads; the system allocator uses
/// twice the memory for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    runtime::Service::new("event-ingestor", event_ingestor::DEFAULTS)
        .command(
            "check-sessions",
            "list recorded sessions that differ from the events; changes nothing",
            event_ingestor::check_sessions,
        )
        .command(
            "repair-sessions",
            "list and correct recorded sessions that differ from the events",
            event_ingestor::repair_sessions,
        )
        .command(
            "after-restore",
            "after a restore of PostgreSQL: skip the feed's lost positions, end unfinished command batches",
            event_ingestor::after_restore,
        )
        .command_with(
            "go-on",
            event_ingestor::ResumeCommand::USAGE,
            "read a halted partition from an offset; without --apply only show what that skips or repeats",
            event_ingestor::ResumeCommand::parse,
            event_ingestor::resume,
        )
        .run(event_ingestor::serve)
}
