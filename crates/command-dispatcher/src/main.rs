//! The command-dispatcher process.

use std::process::ExitCode;

/// A command needs many small allocations that are freed on another thread; the system allocator
/// takes locks for those.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    runtime::Service::new("command-dispatcher", command_dispatcher::DEFAULTS)
        .command(
            "lost-commands",
            "after a failover: list the published commands that the database does not have",
            command_dispatcher::lost_commands,
        )
        .run(command_dispatcher::serve)
}
