//! Routes in a Redis cluster and behind sentinels, while their servers fail and recover.

use crate::answer::Answer;
use crate::app::TestApp;
use crate::fleet::{Device, Pile};
use runtime::redis::Redis;
use runtime::settings::RedisSettings;
use serde_json::json;
use std::num::NonZeroUsize;
use std::time::Duration;
use testkit::eventually;
use testkit::redis_servers::{RedisCluster, SentinelGroup};

/// The rest of the life of a route key, which was written 100 s ago: it lives for 300 s.
const LEFT: Duration = Duration::from_secs(200);

async fn app(redis_url: &str) -> TestApp {
    let app = TestApp::with(&[("redis.url", redis_url), ("redis.command_timeout_ms", "2000")]).await;
    app.create_topic(8).await;
    app
}

/// The connection that gateways write with.
fn gateways_redis(url: String) -> Redis {
    let settings = RedisSettings {
        pool_size: NonZeroUsize::MIN,
        command_timeout_ms: 2_000,
        connect_timeout_ms: 1_000,
        ..RedisSettings::new(url.into())
    };
    Redis::connect(&settings).unwrap()
}

/// A pile whose device's events name no gateway, so that only Redis has its route.
async fn pile(app: &TestApp) -> Pile {
    app.pile(Device { gateway: None, ..Device::online(&[(1, "Available")]) }).await
}

/// The keys that a command for the pile reads.
fn keys(pile: &Pile) -> [String; 2] {
    [format!("conn:{}", pile.charge_point_id), format!("conn:{}", pile.id)]
}

async fn hold(redis: &Redis, pile: &Pile) {
    let [key, _] = keys(pile);
    eventually("the route to be written", || async {
        redis.set_with_ttl(&key, "gateway-1", LEFT).await.is_ok()
    })
    .await;
}

async fn reset(app: &TestApp, pile: &Pile) -> Answer {
    app.command(pile.id, "reset", json!({})).await
}

async fn accepted(app: &TestApp, pile: &Pile) {
    eventually("a command to be accepted", || async { reset(app, pile).await.status == 202 }).await;
}

async fn has_route(app: &TestApp, pile: &Pile, gateway: &str, route: &str) {
    let answer = reset(app, pile).await;
    assert_eq!(answer.status, 202, "{answer}");
    assert_eq!((answer.text("gatewayId"), answer.text("route")), (gateway, route));
}

/// A key that [`hold`] wrote counts as written 100 s before, however long ago that is on a busy machine.
async fn is_weighed_against_events(app: &TestApp, pile: &Pile) {
    app.heard(pile, "gateway-2", (280, 280)).await;
    has_route(app, pile, "gateway-1", "key").await;
    app.heard(pile, "gateway-2", (20, 20)).await;
    has_route(app, pile, "gateway-2", "moved").await;
}

fn is_without_route(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer}");
    assert_eq!(answer.text("code"), "ROUTE_STORE_UNAVAILABLE");
    assert!(answer.retry_after.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_routes_in_a_cluster_except_those_of_a_dead_node() {
    let mut cluster = RedisCluster::start().await;
    let (app, redis) = (app(&cluster.url()).await, gateways_redis(cluster.url()));
    let dead = 0;
    let (mut living, mut cut_off) = (None, None);
    while living.is_none() || cut_off.is_none() {
        let pile = pile(&app).await;
        let nodes = keys(&pile).map(|key| cluster.node_of(&key));
        if nodes[0] == nodes[1] {
            continue;
        }
        hold(&redis, &pile).await;
        if nodes.contains(&dead) { cut_off = Some(pile) } else { living = Some(pile) }
    }
    let (living, cut_off) = (living.unwrap(), cut_off.unwrap());
    accepted(&app, &living).await;
    accepted(&app, &cut_off).await;
    is_weighed_against_events(&app, &living).await;
    app.heard(&living, "gateway-1", (0, 0)).await;
    let answer = reset(&app, &cut_off).await;
    assert_eq!((answer.status.as_u16(), answer.text("gatewayId")), (202, "gateway-1"), "{answer}");

    cluster.nodes[dead].kill();
    for _ in 0..10 {
        is_without_route(&reset(&app, &cut_off).await);
        let answer = reset(&app, &living).await;
        assert_eq!((answer.status.as_u16(), answer.text("gatewayId")), (202, "gateway-1"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_routes_behind_sentinels_after_a_failover() {
    let mut group = SentinelGroup::start().await;
    let (app, redis) = (app(&group.url()).await, gateways_redis(group.url()));
    let pile = pile(&app).await;
    hold(&redis, &pile).await;
    accepted(&app, &pile).await;
    eventually("the route to be on the replica", || async { group.replica.command(&["DBSIZE"]) == "1" })
        .await;

    group.master.kill();
    is_without_route(&reset(&app, &pile).await);
    accepted(&app, &pile).await;

    is_weighed_against_events(&app, &pile).await;
    let [key, _] = keys(&pile);
    group.replica.command(&["PERSIST", &key]);
    has_route(&app, &pile, "gateway-1", "key").await;
    group.replica.command(&["FLUSHALL"]);
    has_route(&app, &pile, "gateway-2", "last-heard").await;
}
