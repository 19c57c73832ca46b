//! Schemathesis in all its phases: examples, edge cases, valid and invalid random data, and
//! sequences of calls.

use crate::fixture::Fixture;
use crate::tools::{folder, run, tool};
use std::net::SocketAddr;
use testkit::unique;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs tools: make contract"]
async fn asset_api_keeps_its_contract() {
    let fixture = Fixture::new().await;
    let known = [
        ("SESSION", fixture.session.as_str()),
        ("DEAD_LETTER", &fixture.dead_letter),
        ("TARIFF", &fixture.tariff),
        ("BINDING", &fixture.binding),
        ("EXCLUSION", &fixture.exclusion),
        ("PILE", &fixture.pile),
    ];
    fuzz(&fixture, fixture.assets, "asset-api", &known).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs tools: make contract"]
async fn command_dispatcher_keeps_its_contract() {
    let fixture = Fixture::new().await;
    let known =
        [("STATION", fixture.station.as_str()), ("PILE", &fixture.pile), ("COMMAND", &fixture.command)];
    fuzz(&fixture, fixture.commands, "command-dispatcher", &known).await;
}

/// Sends valid and invalid requests of its document to the service at `address`. Each word of
/// `known` in the tool's settings stands for an existing id.
async fn fuzz(fixture: &Fixture, address: SocketAddr, service: &str, known: &[(&str, &str)]) {
    let settings = std::fs::read_to_string(folder().join(format!("{service}.toml"))).unwrap();
    let settings = known.iter().fold(settings, |text, (word, id)| text.replace(word, id));
    let place = std::env::temp_dir().join(unique("contract"));
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("settings.toml"), settings).unwrap();
    let mut schemathesis = tool("schemathesis");
    schemathesis
        .current_dir(&place)
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", folder())
        .args(["--config-file", "settings.toml", "run", "--no-color"])
        .arg(format!("http://{address}/openapi.json"))
        .args(["--header", &format!("Authorization: Bearer {}", fixture.token())]);
    run(schemathesis).await;
    std::fs::remove_dir_all(&place).unwrap();
    assert!(fixture.is_well().await);
}
