//! The asset-api process.

use std::process::ExitCode;

/// A page is many small allocations, and the system's allocator is slow at those.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    runtime::Service::new("asset-api", asset_api::DEFAULTS)
        .command("migrate", "bring the database schema up to date", asset_api::migrate)
        .run(asset_api::serve)
}
