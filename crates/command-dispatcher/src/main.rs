//! The command-dispatcher process.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::Service::new("command-dispatcher", command_dispatcher::DEFAULTS).run(command_dispatcher::serve)
}
