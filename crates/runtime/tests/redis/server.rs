//! A single server: round trips, expiry, and quick errors if it is unavailable.

use crate::client::{self, TOO_LATE, patient, settings};
use runtime::redis::{Redis, RedisError};
use runtime::settings::RedisSettings;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

async fn connected() -> Redis {
    client::connected(&patient(testkit::redis_url())).await
}

/// Sends a command that the client under test does not offer.
fn send_raw(command: &str) {
    let url = testkit::redis_url();
    let mut connection = TcpStream::connect(url.rsplit(['/', '@']).next().unwrap()).unwrap();
    connection.write_all(format!("{command}\r\n").as_bytes()).unwrap();
    let mut answer = [0; 5];
    connection.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+OK\r\n");
}

fn key(name: &str) -> String {
    format!("runtime-test:{}:{name}", uuid::Uuid::now_v7())
}

#[tokio::test]
async fn returns_keys_in_the_requested_order() {
    let redis = connected().await;
    let (a, b, none) = (key("a"), key("b"), key("none"));
    let minute = Duration::from_secs(60);
    redis.set_many_with_ttl(&[(&a, "1"), (&b, "2")], minute).await.unwrap();
    let values = redis.get_many(&[&b, &none, &a]).await.unwrap();
    assert_eq!(values, [Some("2".to_owned()), None, Some("1".to_owned())]);
    assert_eq!(redis.get_many(&[&a]).await.unwrap(), [Some("1".to_owned())]);
    assert_eq!(redis.get_many(&[&none]).await.unwrap(), [None]);
    assert!(redis.get_many(&[]).await.unwrap().is_empty());

    redis.delete(&a).await.unwrap();
    redis.delete(&a).await.unwrap();
    assert_eq!(redis.get_many(&[&a]).await.unwrap(), [None]);
}

#[tokio::test]
async fn finds_keys_by_prefix() {
    let redis = connected().await;
    let prefix = key("what*?[begins]\\:");
    let keys: Vec<String> = (0..2_500).map(|number| format!("{prefix}{number}")).collect();
    let others = [key("what-begins:"), format!("x{prefix}")];
    let entries: Vec<_> = keys.iter().chain(&others).map(|key| (key.as_str(), "1")).collect();
    redis.set_many_with_ttl(&entries, Duration::from_secs(60)).await.unwrap();
    let mut found = redis.keys_with_prefix(&prefix, 10_000).await.unwrap();
    let number = |key: &String| key.rsplit(':').next().unwrap().parse::<u32>().unwrap();
    found.sort_by_key(number);
    assert_eq!(found, keys);
    assert_eq!(redis.keys_with_prefix(&prefix, 7).await.unwrap().len(), 7);
}

#[tokio::test]
async fn returns_the_time_to_live_with_the_value() {
    let redis = connected().await;
    let (mortal, none, immortal) = (key("mortal"), key("none"), key("immortal"));
    let minute = Duration::from_secs(60);
    redis.set_with_ttl(&mortal, "7", minute).await.unwrap();
    send_raw(&format!("SET {immortal} 8"));
    let keys = [&*mortal, &none, &immortal];
    let [expiring, missing, forever] = redis.get_many_with_ttl(&keys).await.unwrap().try_into().unwrap();
    redis.delete(&immortal).await.unwrap();
    let (value, ttl) = expiring.unwrap();
    assert_eq!((value.as_str(), missing, forever), ("7", None, Some(("8".to_owned(), None))));
    assert!(ttl.unwrap() <= minute && ttl.unwrap() > Duration::from_secs(1), "{ttl:?}");
    assert!(redis.get_many_with_ttl(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn keys_expire() {
    let redis = connected().await;
    let key = key("brief");
    redis.set_with_ttl(&key, "1", Duration::from_millis(150)).await.unwrap();
    let end = Instant::now() + TOO_LATE;
    while redis.get_many(&[&key]).await.unwrap() != [None] {
        assert!(Instant::now() < end, "the key did not expire");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn reports_an_unavailable_server_at_once() {
    // A call that waited for a connection would wait for this long.
    let settings =
        RedisSettings { command_timeout_ms: 60_000, ..settings("redis://:hunter2@127.0.0.1:1".to_owned()) };
    let redis = Redis::connect(&settings).unwrap();
    let started = Instant::now();
    let error = redis.get_many(&["key"]).await.unwrap_err();
    assert!(matches!(error, RedisError::Disconnected), "{error:?}");
    assert!(started.elapsed() < TOO_LATE);
    assert!(!format!("{redis:?} {error:?} {error}").contains("hunter2"));
}

#[tokio::test]
async fn gives_up_on_an_unresponsive_server() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = silent.local_addr().unwrap();
    let redis = Redis::connect(&settings(format!("redis://{address}"))).unwrap();
    let started = Instant::now();
    redis.ping().await.unwrap_err();
    assert!(started.elapsed() < TOO_LATE);
}

#[test]
fn parses_every_kind_of_address() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    for url in [
        "redis://127.0.0.1:6379/1",
        "redis-sentinel://127.0.0.1:26379?sentinelServiceName=main&node=127.0.0.2:26379",
        "redis-cluster://127.0.0.1:7000?node=127.0.0.1:7001",
    ] {
        assert!(Redis::connect(&settings(url.to_owned())).is_ok(), "{url}");
    }
    let error = Redis::connect(&settings("redis//:hunter2@host".to_owned())).unwrap_err();
    assert!(matches!(error, RedisError::Settings(_)));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
