//! Python clients that are generated only from the committed documents: their types are consistent,
//! and their calls work.

use crate::fixture::Fixture;
use crate::tools::{folder, run, tool};
use std::path::Path;
use testkit::unique;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs tools: make contract"]
async fn generated_clients_call_both_services() {
    let fixture = Fixture::new().await;
    let place = std::env::temp_dir().join(unique("clients"));
    std::fs::create_dir(&place).unwrap();
    for service in ["asset-api", "command-dispatcher"] {
        generate(service, &place).await;
    }
    let mut types = tool("mypy");
    // Details that are the same in every generated client are not checked here.
    types.current_dir(&place).args(["--follow-imports", "silent", "asset_api/api", "asset_api/models"]);
    types.args(["command_dispatcher/api", "command_dispatcher/models"]).arg(folder().join("calls.py"));
    run(types).await;
    let mut calls = tool("python");
    calls
        .env("PYTHONPATH", &place)
        .arg(folder().join("calls.py"))
        .args([format!("http://{}", fixture.assets), format!("http://{}", fixture.commands)])
        .args([&fixture.token(), &fixture.pile]);
    run(calls).await;
    std::fs::remove_dir_all(&place).unwrap();
}

/// Generates a client of the document of `service`, as a package below `place`; a warning is a
/// failure.
async fn generate(service: &str, place: &Path) {
    let document = folder().join(format!("../../docs/openapi/{service}.json"));
    let mut generator = tool("openapi-python-client");
    generator
        .current_dir(place)
        .args(["generate", "--meta", "none", "--fail-on-warning", "--config"])
        .arg(folder().join("client.yaml"))
        .arg("--path")
        .arg(document)
        .args(["--output-path", &service.replace('-', "_")]);
    run(generator).await;
}
