//! Schemathesis in all its phases: examples, edge cases, valid and invalid random data, and
//! sequences of calls.

use crate::ground::Ground;
use crate::tools::{folder, run, tool};
use std::net::SocketAddr;
use testkit::unique;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs tools: make contract"]
async fn asset_api_keeps_its_contract() {
    let ground = Ground::new().await;
    let known = [
        ("SESSION", ground.session.as_str()),
        ("DEAD_LETTER", &ground.dead_letter),
        ("TARIFF", &ground.tariff),
        ("BINDING", &ground.binding),
        ("PILE", &ground.pile),
    ];
    fuzz(&ground, ground.assets, "asset-api", &known).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs tools: make contract"]
async fn command_dispatcher_keeps_its_contract() {
    let ground = Ground::new().await;
    let known = [("STATION", ground.station.as_str()), ("PILE", &ground.pile), ("COMMAND", &ground.command)];
    fuzz(&ground, ground.commands, "command-dispatcher", &known).await;
}

/// Sends valid and invalid requests of its document to the service at `address`. Each word of
/// `known` in the tool's settings stands for an existing id.
async fn fuzz(ground: &Ground, address: SocketAddr, service: &str, known: &[(&str, &str)]) {
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
        .args(["--header", &format!("Authorization: Bearer {}", ground.token())]);
    run(schemathesis).await;
    std::fs::remove_dir_all(&place).unwrap();
    assert!(ground.is_well().await);
}
