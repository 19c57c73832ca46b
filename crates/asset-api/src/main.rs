//! The asset-api process.

use std::process::ExitCode;

/// Rendering a page takes many small allocations, for which the system's allocator is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    runtime::Service::new("asset-api", asset_api::DEFAULTS)
        .command("migrate", "bring the database schema up to date", asset_api::migrate)
        .run(asset_api::serve)
}
