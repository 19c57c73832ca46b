//! The `capacity` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    capacity::execute()
}
