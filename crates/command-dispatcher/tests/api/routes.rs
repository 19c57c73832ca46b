//! Where a command goes: the gateway in the Redis key, the gateway of the device's newest event, or
//! none.

use crate::answer::Answer;
use crate::app::{PARTITIONS, TestApp};
use crate::fleet::{Device, Pile};
use serde_json::{Value, json};
use std::num::NonZeroU16;
use std::time::Duration;
use wire::routing::RoutingHash;

/// A pile whose device is online; neither a key nor an event names its gateway.
async fn pile(app: &TestApp) -> Pile {
    app.pile(Device { gateway: None, ..Device::online(&[(1, "Available")]) }).await
}

/// A service that cannot reach Redis.
async fn app_without_redis(settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(&[&[("redis.url", "redis://127.0.0.1:1")], settings].concat()).await;
    app.create_topic(PARTITIONS).await;
    app
}

async fn app_that_refuses() -> TestApp {
    let app = TestApp::with(&[("dispatch.route_last_heard", "false")]).await;
    app.create_topic(PARTITIONS).await;
    app
}

impl TestApp {
    /// Records that the device was last heard through `gateway`, this many seconds ago: by the time
    /// of the event, and by the time at which the event was appended to the topic.
    pub async fn heard(&self, pile: &Pile, gateway: &str, (event_ago, appended_ago): (i32, i32)) {
        let sql = format!(
            "update charge_points set gateway_id = '{gateway}',
                    seen_at = clock_timestamp() - make_interval(secs => {event_ago}),
                    seen_appended_at = clock_timestamp() - make_interval(secs => {appended_ago})
             where charge_point_id = '{}'",
            pile.charge_point_id
        );
        self.database.execute(&sql).await;
    }

    /// Writes a key for `name` that names `gateway` and has `ttl_s` seconds left.
    async fn key(&self, name: &str, gateway: &str, ttl_s: u64) {
        let ttl = Duration::from_secs(ttl_s);
        self.redis.set_with_ttl(&format!("conn:{name}"), gateway, ttl).await.unwrap();
    }

    /// The gateway that the device was heard through, as recorded with its newest command; null
    /// unless the key names another one.
    async fn seen_gateway(&self, pile: &Pile) -> Value {
        let commands = self.get(&format!("piles/{}/commands?limit=1", pile.id)).await;
        commands.body["items"][0]["seenGatewayId"].clone()
    }

    /// Sends a reset and returns its gateway and route, which are the same in the response and the
    /// record.
    async fn route(&self, pile: &Pile) -> (String, String) {
        let answer = self.command(pile.id, "reset", json!({})).await;
        assert_eq!(answer.status, 202, "{answer}");
        let record = self.settled(&answer.command_id().to_string()).await;
        for field in ["gatewayId", "route", "partition"] {
            assert_eq!(record.body[field], answer.body[field], "{field}");
        }
        (answer.text("gatewayId").to_owned(), answer.text("route").to_owned())
    }
}

fn to(gateway: &str, route: &str) -> (String, String) {
    (gateway.to_owned(), route.to_owned())
}

fn assert_refused(answer: &Answer, code: &str, detail: Option<&str>) {
    assert_eq!(answer.text("code"), code, "{answer}");
    if let Some(detail) = detail {
        assert!(answer.text("detail").contains(detail), "{answer}");
    }
}

/// The value of a counter, by its name and labels.
fn counted(series: &str) -> u64 {
    let metrics = runtime::telemetry::render_metrics().unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{series} is not in\n{metrics}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn follows_the_key_unless_the_device_was_heard_elsewhere_since() {
    let app = TestApp::start().await;
    let pile = pile(&app).await;
    // 200 of 300 s are left: the key was written 100 s ago.
    app.key(&pile.charge_point_id, "gateway-1", 200).await;
    assert_eq!(app.route(&pile).await, to("gateway-1", "key"));
    app.heard(&pile, "gateway-1", (0, 0)).await;
    assert_eq!(app.route(&pile).await, to("gateway-1", "key"));
    assert_eq!(app.seen_gateway(&pile).await, json!(null));
    app.heard(&pile, "gateway-2", (130, 130)).await;
    assert_eq!(app.route(&pile).await, to("gateway-1", "key"));
    assert_eq!(app.seen_gateway(&pile).await, "gateway-2");
    app.heard(&pile, "gateway-2", (20, 20)).await;
    assert_eq!(app.route(&pile).await, to("gateway-2", "moved"));
    assert_eq!(app.seen_gateway(&pile).await, "gateway-2");
    // The device boots at the first gateway, which writes the key again.
    app.key(&pile.charge_point_id, "gateway-1", 300).await;
    assert_eq!(app.route(&pile).await, to("gateway-1", "key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_with_another_device_than_at_its_last_command_is_reached_through_the_new_one() {
    let app = TestApp::start().await;
    let (pile, other) = (pile(&app).await, pile(&app).await);
    app.key(&pile.charge_point_id, "gateway-1", 200).await;
    app.key(&other.charge_point_id, "gateway-2", 200).await;
    assert_eq!(app.route(&pile).await, to("gateway-1", "key"));
    let replace = format!(
        "update piles set retired_at = now(), updated_at = now() where id = '{}';
         update piles set charge_point_id = '{}', updated_at = now() where id = '{}'",
        other.id, other.charge_point_id, pile.id
    );
    app.database.execute(&replace).await;
    assert_eq!(app.route(&pile).await, to("gateway-2", "key"));
    app.key(&other.charge_point_id, "gateway-3", 200).await;
    assert_eq!(app.route(&pile).await, to("gateway-3", "key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_makes_no_event_newer_than_it_is() {
    let app = TestApp::start().await;
    let pile = pile(&app).await;
    app.key(&pile.charge_point_id, "gateway-1", 200).await;
    for (event_ago, appended_ago) in [(-3_600, 150), (150, -3_600)] {
        app.heard(&pile, "gateway-2", (event_ago, appended_ago)).await;
        assert_eq!(app.route(&pile).await, to("gateway-1", "key"), "{event_ago} {appended_ago}");
    }
    app.heard(&pile, "gateway-2", (-3_600, 20)).await;
    assert_eq!(app.route(&pile).await, to("gateway-2", "moved"));
}

#[tokio::test(flavor = "multi_thread")]
async fn always_follows_a_key_with_a_longer_time_to_live() {
    let app = TestApp::start().await;
    let pile = pile(&app).await;
    app.key(&pile.charge_point_id, "gateway-1", 3_600).await;
    app.heard(&pile, "gateway-2", (0, 0)).await;
    assert_eq!(app.route(&pile).await, to("gateway-1", "key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn derives_the_age_of_a_key_from_its_time_to_live() {
    let app = TestApp::with(&[("dispatch.route_key_life_s", "3600")]).await;
    app.create_topic(PARTITIONS).await;
    let pile = pile(&app).await;
    app.key(&pile.charge_point_id, "gateway-1", 3_000).await;
    app.heard(&pile, "gateway-2", (700, 700)).await;
    assert_eq!(app.route(&pile).await, to("gateway-1", "key"));
    app.heard(&pile, "gateway-2", (500, 500)).await;
    assert_eq!(app.route(&pile).await, to("gateway-2", "moved"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_pile_counts_like_a_key_of_the_device() {
    let app = TestApp::start().await;
    let pile = pile(&app).await;
    app.key(&pile.id.to_string(), "gateway-1", 200).await;
    app.heard(&pile, "gateway-2", (130, 130)).await;
    assert_eq!(app.route(&pile).await, to("gateway-1", "key"));
    app.heard(&pile, "gateway-2", (20, 20)).await;
    assert_eq!(app.route(&pile).await, to("gateway-2", "moved"));
    app.key(&pile.charge_point_id, "gateway-3", 295).await;
    assert_eq!(app.route(&pile).await, to("gateway-3", "key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_uses_the_gateway_that_last_heard_an_online_device() {
    let app = TestApp::start().await;
    let pile = pile(&app).await;
    app.key(&pile.charge_point_id, "gateway-1", 300).await;
    app.heard(&pile, "gateway-2", (7_200, 7_200)).await;
    assert_eq!(app.route(&pile).await, to("gateway-1", "key"));
    // Simulates a key that expired, or a Redis that was emptied.
    app.redis.delete(&format!("conn:{}", pile.charge_point_id)).await.unwrap();
    let answer = app.command(pile.id, "reset", json!({})).await;
    assert_eq!((answer.text("gatewayId"), answer.text("route")), ("gateway-2", "last-heard"));
    let record = app.settled(&answer.command_id().to_string()).await;
    assert_eq!((record.text("route"), &record.body["degraded"]), ("last-heard", &json!(false)));
    assert_eq!(record.body["seenGatewayId"], json!(null));
    let partitions = NonZeroU16::try_from(u16::try_from(PARTITIONS).unwrap()).unwrap();
    let partition = RoutingHash::Fnv1a32.partition("gateway-2", partitions);
    assert_eq!(app.published(partition).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_offline_device_whatever_gateway_heard_it() {
    let app = TestApp::start().await;
    let pile = pile(&app).await;
    app.heard(&pile, "gateway-2", (1, 1)).await;
    app.database.execute("update charge_points set online = false").await;
    let refused = app.command(pile.id, "reset", json!({})).await;
    assert_refused(&refused, "PILE_OFFLINE", Some("is offline"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_refuses_devices_without_a_key() {
    let app = app_that_refuses().await;
    let pile = pile(&app).await;
    app.heard(&pile, "gateway-2", (1, 1)).await;
    let refused = app.command(pile.id, "reset", json!({})).await;
    assert_eq!(refused.status, 409);
    assert_refused(&refused, "PILE_OFFLINE", Some("no gateway is known for"));
    app.key(&pile.charge_point_id, "gateway-1", 200).await;
    assert_eq!(app.route(&pile).await, to("gateway-2", "moved"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_uses_the_gateway_that_last_heard_the_device() {
    let app = app_without_redis(&[]).await;
    let pile = pile(&app).await;
    app.heard(&pile, "gateway-2", (86_400, 86_400)).await;
    let answer = app.command(pile.id, "reset", json!({})).await;
    assert_eq!((answer.text("gatewayId"), answer.text("route")), ("gateway-2", "last-heard"));
    let record = app.get(&format!("commands/{}", answer.command_id())).await;
    assert_eq!((record.text("route"), &record.body["degraded"]), ("last-heard", &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_a_setting_refuses_every_command() {
    let app = app_without_redis(&[("dispatch.route_last_heard", "false")]).await;
    let pile = pile(&app).await;
    app.heard(&pile, "gateway-2", (1, 1)).await;
    let refused = app.command(pile.id, "reset", json!({})).await;
    assert_eq!(refused.status, 503);
    assert_refused(&refused, "ROUTE_STORE_UNAVAILABLE", None);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_routes_by_how_they_were_found() {
    let app = TestApp::start().await;
    let pile = pile(&app).await;
    app.heard(&pile, "gateway-2", (20, 20)).await;
    assert_eq!(app.route(&pile).await, to("gateway-2", "last-heard"));
    app.key(&pile.charge_point_id, "gateway-1", 200).await;
    assert_eq!(app.route(&pile).await, to("gateway-2", "moved"));
    app.key(&pile.charge_point_id, "gateway-1", 300).await;
    assert_eq!(app.route(&pile).await, to("gateway-1", "key"));
    for series in [
        r#"commands_routes_total{route="key"}"#,
        r#"commands_routes_total{route="last-heard"}"#,
        r#"commands_routes_total{route="moved"}"#,
        r#"commands_route_mismatches_total{winner="key"}"#,
        r#"commands_route_mismatches_total{winner="event"}"#,
    ] {
        assert!(counted(series) > 0, "{series}");
    }
}
