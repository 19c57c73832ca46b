//! Sentinels: the client follows the master, whichever sentinels are unavailable.

use crate::client::{connected, get, is_late, patient, replicated, settings};
use runtime::redis::RedisError;
use std::time::Duration;
use testkit::eventually;
use testkit::redis_servers::SentinelGroup;

/// Longer than a test takes.
const LIFE: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread")]
async fn follows_a_failover_to_the_new_master_without_a_restart() {
    let mut group = SentinelGroup::start().await;
    let redis = connected(&settings(group.url())).await;
    redis.set_many_with_ttl(&[("a", "1"), ("b", "2")], LIFE).await.unwrap();
    let values = redis.get_many(&["b", "none", "a"]).await.unwrap();
    assert_eq!(values, [Some("2".to_owned()), None, Some("1".to_owned())]);
    assert!(group.master.command(&["INFO", "keyspace"]).contains("keys=2"));
    replicated(&group.replica, 2).await;

    group.master.kill();
    eventually("calls to succeed again", || async { get(&redis, "a").await.is_ok() }).await;
    assert_eq!(get(&redis, "b").await.unwrap().as_deref(), Some("2"));
    redis.delete("a").await.unwrap();
    assert_eq!(group.replica.command(&["EXISTS", "a"]), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn replaces_a_frozen_master() {
    let group = SentinelGroup::start().await;
    let redis = connected(&settings(group.url())).await;
    redis.set_with_ttl("a", "1", LIFE).await.unwrap();
    replicated(&group.replica, 1).await;
    group.master.freeze();
    // The replica may have taken over already if the machine is busy.
    if let Err(error) = get(&redis, "a").await {
        assert!(is_late(&error), "{error:?}");
    }
    eventually("calls to succeed again", || async { get(&redis, "a").await.is_ok() }).await;
    // The old master resumes without knowing that it was replaced.
    group.master.thaw();
    redis.set_with_ttl("a", "2", LIFE).await.unwrap();
    assert_eq!(group.replica.command(&["GET", "a"]), "2");
}

/// Sentinel 1 is the first that other clients ask, and the only one if it accepts their connection.
#[tokio::test(flavor = "multi_thread")]
async fn works_with_frozen_or_dead_sentinels() {
    let mut group = SentinelGroup::start().await;
    group.sentinels[1].freeze();
    let redis = connected(&settings(group.url())).await;
    redis.set_with_ttl("a", "1", LIFE).await.unwrap();
    replicated(&group.replica, 1).await;
    group.sentinels[1].thaw();
    // The other sentinels agree on the next master; then only one remains, with which the client
    // has not spoken before.
    group.master.kill();
    group.wait_until_promoted(1).await;
    group.sentinels[0].kill();
    group.sentinels[2].kill();
    eventually("calls to succeed again", || async { get(&redis, "a").await.is_ok() }).await;
    // Without sentinels, the known master stays in use.
    group.sentinels[1].kill();
    assert_eq!(get(&redis, "a").await.unwrap().as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_send_the_masters_password_to_sentinels() {
    let group = SentinelGroup::with_password("s3cret").await;
    let redis = connected(&patient(group.url())).await;
    redis.set_with_ttl("a", "1", LIFE).await.unwrap();
    assert_eq!(group.master.command(&["GET", "a"]), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_service_name_is_reported_as_disconnected() {
    let group = SentinelGroup::start().await;
    let elsewhere = group.url().replace("sentinelServiceName=routes", "sentinelServiceName=others");
    let redis = runtime::redis::Redis::connect(&settings(elsewhere)).unwrap();
    let error = get(&redis, "a").await.unwrap_err();
    assert!(matches!(error, RedisError::Disconnected), "{error:?}");
}
