//! The gateway-simulator process.

use gateway_simulator::settings::DEFAULTS;
use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::Service::new("gateway-simulator", DEFAULTS)
        .command("load", "produce events at a constant rate", gateway_simulator::load)
        .command("check", "judge whether a gateway keeps the contract", gateway_simulator::check::check)
        .run(gateway_simulator::serve)
}
