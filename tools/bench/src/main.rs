//! The `bench` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::execute()
}
