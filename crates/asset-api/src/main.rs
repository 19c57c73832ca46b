//! The asset-api process.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::Service::new("asset-api", asset_api::DEFAULTS)
        .command("migrate", "bring the database schema up to date", asset_api::migrate)
        .run(asset_api::serve)
}
