//! The operations console in a real browser, on the real stack, with simulated devices: the pages are clicked through by
//! `crates/console/web/e2e`, which tells this test what devices are to do.
//!
//! The tools are Node's, and Chromium, so this test is not run with the others: `make console-test` sets them up and runs it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic, that is how it fails"
)]

mod orders;
mod player;

use dev_issuer::Issuer;
use orders::World;
use player::Player;
use serde_json::json;
use system_tests::Platform;
use tokio::sync::Mutex;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs tools: make console-test"]
async fn people_see_the_fleet_and_act_on_it() {
    let platform = Platform::start(|settings| {
        // Slow enough to be seen, quick enough to be waited for.
        settings.behaviour.reboot_ms = 1_500;
        settings.behaviour.finishing_ms = 500;
    })
    .await;
    let world = World { ingestor: Mutex::new(Some(platform.ingest())), load: Mutex::new(None), platform };
    let issuer = Issuer::generate().unwrap();
    // Pages come through a relay of the player's own, which can be cut; so its port must be known before anything starts.
    let page = format!("http://127.0.0.1:{}", testkit::free_port());
    let [assets, commands] = world.platform.show_console(&testkit::jwks_file(&issuer), &page).await;
    let token = |subject: &str, scopes: &str| issuer.sign(&Issuer::claims(subject, scopes)).unwrap();
    let stage = json!({
        "page": page, "assets": format!("http://{assets}"), "commands": format!("http://{commands}"),
        "tokens": {
            "all": token("operator", "assets:read assets:write commands:send operations tariffs:read tariffs:write"),
            "read": token("reader", "assets:read"),
            "operations": token("on-call", "operations"),
        },
    });
    Player::start(&stage).play(|order| orders::carry_out(&world, order)).await;
}
