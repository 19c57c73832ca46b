//! Following the feed: from the end, from any position, filtered; limits on the number and the
//! slowness of clients.

use crate::answer::Answer;
use crate::app::{TestApp, pile, settings};
use crate::follower::{Follower, write};
use asset_api::Settings;
use insta::assert_snapshot;
use reqwest::Method;
use runtime::Context;
use serde_json::json;
use std::time::Duration;
use testkit::{TestDatabase, eventually, eventually_some};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;

async fn app(adapt: impl FnOnce(&mut Settings)) -> TestApp {
    let database = TestDatabase::new().await;
    let mut settings = settings(&database);
    settings.feed.poll_ms = 10;
    adapt(&mut settings);
    TestApp::start_with(database, settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_changes_as_they_happen() {
    let app = app(|_| {}).await;
    write(&app, &["CP-BEFORE"]).await;
    let mut follower = Follower::start(&app, "", None).await;
    assert_eq!(follower.last_id, "1-499", "the position of the last change before the request");
    write(&app, &["CP-1", "CP-2"]).await;
    let event = follower.next().await.unwrap();
    assert_eq!(event.kind, "charging.charge_point.connectivity_changed.v1");
    assert_eq!(event.id, "2-0");
    assert_eq!(
        event.data,
        json!({
            "specversion": "1.0", "id": "2-0", "source": "/charging/platform", "subject": "CP-1",
            "time": "2026-07-25T10:32:00Z", "type": "charging.charge_point.connectivity_changed.v1",
            "data": { "online": true, "gatewayId": "pod-1", "confidence": "live" }
        })
    );
    assert_eq!(follower.devices(1).await, ["CP-2"]);
    let path = app.pile("CP-3").await;
    let (station, created) = (follower.next().await.unwrap(), follower.next().await.unwrap());
    assert_eq!(station.kind, "charging.station.changed.v1");
    assert_eq!(created.data["data"]["action"], "created");
    assert_eq!(path, format!("/api/v1/piles/{}", created.data["data"]["pileId"].as_str().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn resumes_after_any_position_without_loss() {
    let app = app(|_| {}).await;
    write(&app, &["CP-0", "CP-1", "CP-2"]).await;
    write(&app, &["CP-3"]).await;
    let mut follower = Follower::start(&app, "", Some("1-0")).await;
    assert_eq!(follower.devices(3).await, ["CP-1", "CP-2", "CP-3"], "from the middle of a chunk");
    // The first connection of a browser uses the query. Its reconnection adds the header, which
    // takes precedence.
    let mut follower = Follower::start(&app, "?lastEventId=1-2", None).await;
    assert_eq!(follower.devices(1).await, ["CP-3"]);
    let mut follower = Follower::start(&app, "?lastEventId=1-2", Some("1-1")).await;
    assert_eq!(follower.devices(2).await, ["CP-2", "CP-3"]);
    let mut follower = Follower::start(&app, "?lastEventId=0-0", None).await;
    assert_eq!(follower.devices(4).await, ["CP-0", "CP-1", "CP-2", "CP-3"], "from the beginning");
    write(&app, &["CP-4"]).await;
    assert_eq!(follower.devices(1).await, ["CP-4"], "and continues from there");
}

/// Clients connect and disconnect at any position while changes are written; together they receive
/// each change once, in order.
#[tokio::test(flavor = "multi_thread")]
async fn delivers_each_change_once_across_disconnections() {
    const CHUNKS: usize = 120;
    let app = app(|_| {}).await;
    let all: Vec<String> = (0..CHUNKS * 3).map(|number| format!("CP-{number}")).collect();
    let first = Follower::start(&app, "", None).await;
    let mut last_id = first.last_id.clone();
    drop(first);
    let writing = async {
        for chunk in all.chunks(3) {
            write(&app, chunk).await;
        }
    };
    let following = async {
        let mut seen = Vec::new();
        let mut round = 0;
        while seen.len() < all.len() {
            let mut follower = Follower::start(&app, "", Some(&last_id)).await;
            let some = (all.len() - seen.len()).min(1 + round * 7 % 40);
            seen.extend(follower.devices(some).await);
            last_id.clone_from(&follower.last_id);
            round += 1;
        }
        assert_eq!(seen, all);
    };
    tokio::join!(writing, following);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_changes_by_charge_point_and_type() {
    let app = app(|settings| settings.feed.keep_alive_ms = 50).await;
    let mut follower = Follower::start(&app, "?chargePointId=CP-1,CP-3", None).await;
    let mut types = Follower::start(&app, "?type=charging.pile.changed.v1", None).await;
    write(&app, &["CP-1", "CP-2", "CP-3"]).await;
    assert_eq!(follower.devices(2).await, ["CP-1", "CP-3"]);
    app.pile("CP-9").await;
    assert_eq!(types.next().await.unwrap().data["subject"], "CP-9");
    // No further change matches, but the id advances, so that the client can reconnect after the
    // changes that it skipped were deleted.
    while follower.last_id != "3-499" {
        assert_eq!(follower.block().await.unwrap(), None);
    }
    assert!(follower.comments > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_changes_by_the_place_that_they_name() {
    let app = app(|_| {}).await;
    let mut all = Follower::start(&app, "?types=charging.pile.changed.v1", None).await;
    app.pile("CP-1").await;
    app.pile("CP-2").await;
    let (one, other) = (all.next().await.unwrap().data, all.next().await.unwrap().data);
    let id = |change: &serde_json::Value, name: &str| change["data"][name].as_str().unwrap().to_owned();
    let query = format!("?pileId={}", id(&other, "pileId"));
    let mut of_pile = Follower::start(&app, &query, Some("0-0")).await;
    assert_eq!(of_pile.next().await.unwrap().data, other);
    let query = format!("?stationId={}&types=charging.station.changed.v1", id(&one, "stationId"));
    let mut of_station = Follower::start(&app, &query, Some("0-0")).await;
    let station = of_station.next().await.unwrap();
    assert_eq!(station.kind, "charging.station.changed.v1");
    assert_eq!(id(&station.data, "stationId"), id(&one, "stationId"));
    for wrong in
        ["types=x", "pileId=x", "stationId=", "types=charging.pile.changed.v1&type=charging.pile.changed.v1"]
    {
        let answer = app.get(&format!("/api/v1/feed?{wrong}")).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["code"]),
            (400, &json!("INVALID_REQUEST")),
            "{wrong}"
        );
    }
    let unknown = app.get("/api/v1/feed?types=charging.session.started.v1").await;
    let known = unknown.text();
    for name in ["charging.session.metered.v1", "charging.session.settled.v1"] {
        assert!(known.contains(name), "the known types must be listed: {known}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_invalid_positions_and_filters() {
    let app = app(|_| {}).await;
    for number in 0..3 {
        write(&app, &[format!("CP-{number}")]).await;
    }
    let follower = Follower::start(&app, "", Some("0-0")).await;
    drop(follower);
    app.database.execute("delete from feed_chunks where position < 3").await;
    assert_snapshot!(app.get("/api/v1/feed?lastEventId=1-0").await.snapshot(), @r#"
    410 Gone
    content-type: application/problem+json

    {
      "code": "FEED_POSITION_GONE",
      "instance": "/api/v1/feed",
      "status": 410,
      "title": "Changes after that position were deleted",
      "type": "https://charging.example/problems/feed-position-gone"
    }
    "#);
    assert_eq!(app.get("/api/v1/feed?lastEventId=2-0").await.status, 410);
    let mut follower = Follower::start(&app, "", Some("2-499")).await;
    assert_eq!(follower.devices(1).await, ["CP-2"], "a client that has read all of chunk 2 misses nothing");
    for position in ["4-0", "3", "-1-0", "x", "3-500", "9223372036854775808-0"] {
        let answer = app.get(&format!("/api/v1/feed?lastEventId={position}")).await;
        assert_eq!(answer.status, 400, "{position}");
        assert_eq!(answer.json()["code"], "INVALID_FEED_POSITION");
    }
    let header = app.request(Method::GET, "/api/v1/feed").header("last-event-id", "4-0");
    assert_eq!(Answer::to(header).await.status, 400);
    let _from_the_end = Follower::start(&app, "", Some("")).await;
    let head = app.request(Method::HEAD, "/api/v1/feed").send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.bytes().await.unwrap().len()), (200, 0));
    let many: Vec<String> = (0..201).map(|number| format!("CP-{number}")).collect();
    for query in [&format!("chargePointId={}", many.join(",")), "chargePointId=", "type=x", "typo=1"] {
        let answer = app.get(&format!("/api/v1/feed?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.json()["code"], "INVALID_REQUEST");
    }
    assert_eq!(app.post("/api/v1/feed", &json!({})).await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_clients_beyond_the_limit() {
    let app = app(|settings| settings.feed.max_clients = 2).await;
    let first = Follower::start(&app, "", None).await;
    let _second = Follower::start(&app, "", None).await;
    assert_snapshot!(app.get("/api/v1/feed").await.snapshot(), @r#"
    503 Service Unavailable
    content-type: application/problem+json
    retry-after: 5

    {
      "code": "TOO_MANY_FOLLOWERS",
      "instance": "/api/v1/feed",
      "status": 503,
      "title": "Too many clients follow the feed",
      "type": "https://charging.example/problems/too-many-followers"
    }
    "#);
    drop(first);
    // The server notices the disconnection with its next write.
    eventually("the place to be released", || async {
        write(&app, &["CP-1"]).await;
        app.request(Method::GET, "/api/v1/feed").send().await.unwrap().status() == 200
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disconnects_a_client_that_does_not_read_without_delaying_others() {
    const CHUNKS: usize = 60;
    let adapt = |settings: &mut Settings| {
        settings.feed.max_clients = 2;
        settings.http.send_timeout_ms = 3_000;
    };
    let app = app(adapt).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stalled = socket.connect(app.address().parse().unwrap()).await.unwrap();
    stalled.write_all(b"GET /api/v1/feed HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut follower = Follower::start(&app, "", None).await;
    eventually("both to follow", || async { Follower::try_start(&app, "", None).await.is_none() }).await;
    let devices: Vec<String> = (0..500).map(|number| format!("CP-{number}")).collect();
    // About ten megabytes: more than the operating system buffers. The other client reads
    // meanwhile; otherwise it would be disconnected, too.
    let writing = async {
        for _ in 0..CHUNKS {
            write(&app, &devices).await;
        }
    };
    let following = async {
        for _ in 0..CHUNKS {
            assert_eq!(follower.devices(500).await, devices);
        }
    };
    tokio::join!(writing, following);
    let mut third = eventually_some("the stalled client to be disconnected", || async {
        Follower::try_start(&app, "", None).await
    })
    .await;
    write(&app, &["CP-NEW"]).await;
    assert_eq!(third.devices(1).await, ["CP-NEW"]);
    drop(stalled);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_at_shutdown() {
    let database = TestDatabase::new().await;
    let context = Context::new("asset-api");
    let service = tokio::spawn(asset_api::serve(settings(&database), context.clone()));
    let address = context.http_address().await;
    let mut response = reqwest::get(format!("http://{address}/api/v1/feed")).await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    context.shutdown.request();
    let stopped = async {
        while response.chunk().await.unwrap().is_some() {}
        service.await.unwrap().unwrap();
    };
    // Less than the grace period of 20 s, after which connections are closed.
    tokio::time::timeout(Duration::from_secs(19), stopped).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_publish_a_refused_edit() {
    let app = app(|_| {}).await;
    let path = app.pile("CP-1").await;
    let mut follower = Follower::start(&app, "", None).await;
    let other = app.request(Method::PUT, &path).header("if-match", "\"9\"").json(&pile("CP-1"));
    assert_eq!(Answer::to(other).await.status, 412);
    assert_eq!(app.put(&path, &pile("CP-1")).await.status, 200);
    let event = follower.next().await.unwrap();
    assert_eq!(
        (&event.data["data"]["action"], &event.data["data"]["version"]),
        (&json!("updated"), &json!(2))
    );
}
