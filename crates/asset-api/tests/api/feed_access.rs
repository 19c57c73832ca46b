//! Following the feed with a token: the places of a caller, and the end of a stream.

use crate::access::protected_with;
use crate::app::TestApp;
use crate::follower::write;
use dev_issuer::Issuer;
use reqwest::{Method, Response};
use serde_json::json;
use std::time::Duration;
use testkit::eventually;

async fn follow(app: &TestApp, token: &str) -> Response {
    app.request(Method::GET, "/api/v1/feed").bearer_auth(token).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_the_clients_of_each_caller() {
    let issuer = Issuer::generate().unwrap();
    let app = protected_with(&issuer, |settings| {
        settings.feed.poll_ms = 10;
        settings.feed.max_clients = 3;
        settings.feed.max_clients_per_caller = 2;
    })
    .await;
    let token = |subject: &str| issuer.sign(&Issuer::claims(subject, "assets:read")).unwrap();
    let first = follow(&app, &token("a")).await;
    let second = follow(&app, &token("a")).await;
    assert_eq!((first.status(), second.status()), (200.try_into().unwrap(), 200.try_into().unwrap()));
    let third = follow(&app, &token("a")).await;
    assert_eq!(third.status(), 429);
    assert_eq!(third.headers()["retry-after"], "5");
    let problem: serde_json::Value = third.json().await.unwrap();
    assert_eq!(problem["code"], "TOO_MANY_FOLLOWERS_OF_CALLER");
    let _other = follow(&app, &token("b")).await;
    let full = follow(&app, &token("c")).await;
    assert_eq!(full.status(), 503, "the places of all callers are taken");
    drop(first);
    // The server notices the disconnection with its next write.
    eventually("the place of the caller to be released", || async {
        write(&app, &["CP-1"]).await;
        follow(&app, &token("a")).await.status() == 200
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_token_expires() {
    let issuer = Issuer::generate().unwrap();
    let app = protected_with(&issuer, |settings| settings.feed.poll_ms = 10).await;
    let mut claims = Issuer::claims("short", "assets:read");
    claims["exp"] = json!(seconds_now() + 6);
    // From the beginning: on a busy machine the token may have expired before another change.
    write(&app, &["CP-1"]).await;
    let request = app.request(Method::GET, "/api/v1/feed?lastEventId=0-0");
    let mut response = request.bearer_auth(issuer.sign(&claims).unwrap()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut received = String::new();
    let read = async {
        while let Some(piece) = response.chunk().await.unwrap() {
            received.push_str(std::str::from_utf8(&piece).unwrap());
        }
    };
    // The accepted difference of clocks is 30 s: the stream must not last that long.
    tokio::time::timeout(Duration::from_secs(30), read).await.expect("the stream to end");
    let blocks: Vec<&str> = received.trim_end().split("\n\n").collect();
    assert!(received.contains("\"subject\":\"CP-1\""), "{received}");
    let last = concat!(
        "event: feed.ended\ndata: ",
        r#"{"code":"TOKEN_EXPIRED","detail":"the token has expired; continue after this id with a new one"}"#,
        "\nid: 1-499"
    );
    assert_eq!(blocks.last(), Some(&last), "{received}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_within_the_leeway_still_gets_a_stream() {
    let issuer = Issuer::generate().unwrap();
    let app = protected_with(&issuer, |settings| settings.feed.poll_ms = 10).await;
    let mut claims = Issuer::claims("late", "assets:read");
    claims["exp"] = json!(seconds_now() - 3);
    let mut response = follow(&app, &issuer.sign(&claims).unwrap()).await;
    assert_eq!(response.status(), 200);
    let greeting = response.chunk().await.unwrap().unwrap();
    assert!(greeting.starts_with(b"retry: "), "{greeting:?}");
    write(&app, &["CP-1"]).await;
    let event = response.chunk().await.unwrap().unwrap();
    assert!(std::str::from_utf8(&event).unwrap().contains("\"subject\":\"CP-1\""), "{event:?}");
}

/// Seconds since 1970.
fn seconds_now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}
