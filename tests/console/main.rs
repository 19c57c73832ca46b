//! The operations console in a real browser, on the real stack, with simulated devices.
//! `crates/console/web/e2e` operates the pages, and requests from this test what devices must do.
//!
//! The test needs Node.js and Chromium, so it does not run with the others: `make console-test`
//! installs the tools and runs it.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

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
async fn operators_see_the_fleet_and_act_on_it() {
    let platform = Platform::start(|settings| {
        // Slow enough to be visible, fast enough to wait for.
        settings.behaviour.reboot_ms = 1_500;
        settings.behaviour.finishing_ms = 500;
    })
    .await;
    let world =
        World { ingestor: Mutex::new(Some(orders::ingest(&platform))), load: Mutex::new(None), platform };
    let issuer = Issuer::generate().unwrap();
    // Pages come through a proxy of the player, which can be cut, so its port must be known before
    // anything starts.
    let page = format!("http://127.0.0.1:{}", testkit::free_port());
    // The player runs a provider with the key of this test's issuer, so pasted tokens are valid, too.
    let provider = format!("http://127.0.0.1:{}", testkit::free_port());
    let jwks_file = testkit::jwks_file(&issuer);
    let tiles = format!("http://127.0.0.1:{}", testkit::free_port());
    let template = format!("{tiles}/{{z}}/{{x}}/{{y}}.png");
    let [assets, commands, extended] =
        world.platform.show_console(&jwks_file, &provider, &page, &template).await;
    let claims = |subject: &str, scopes: &str| {
        let mut claims = Issuer::claims(subject, scopes);
        claims["iss"] = json!(provider);
        claims
    };
    let token = |subject: &str, scopes: &str| issuer.sign(&claims(subject, scopes)).unwrap();
    let mut bound = claims("manager", "assets:read operations");
    bound["operators"] = json!(["op-7"]);
    let stage = json!({
        "provider": { "issuer": provider, "key": issuer.private_jwk() },
        "page": page, "assets": format!("http://{assets}"), "commands": format!("http://{commands}"),
        "extended": format!("http://{extended}"), "tiles": tiles,
        "tokens": {
            "all": token("operator", "assets:read assets:write drivers:read tariffs:read tariffs:write issues:read issues:write commands:send commands:read audit:read operations"),
            "second": token("second", "assets:read tariffs:read tariffs:write"),
            "read": token("reader", "assets:read"),
            "operations": token("on-call", "operations"),
            "bound": issuer.sign(&bound).unwrap(),
        },
    });
    Player::start(&stage).play(|order| orders::carry_out(&world, order)).await;
}
