//! Sentinels lead to the master, also to the next one, whichever of them are away.

use crate::client::{connected, get, replicated, settings};
use runtime::redis::RedisError;
use std::time::Duration;
use testkit::eventually;
use testkit::redis_servers::SentinelGroup;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn when_the_master_dies_calls_go_to_the_next_one_without_a_restart() {
    let mut group = SentinelGroup::start().await;
    let redis = connected(&settings(group.url())).await;
    redis.set_many_with_ttl(&[("a", "1"), ("b", "2")], MINUTE).await.unwrap();
    let values = redis.get_many(&["b", "none", "a"]).await.unwrap();
    assert_eq!(values, [Some("2".to_owned()), None, Some("1".to_owned())]);
    assert!(group.master.ask(&["INFO", "keyspace"]).contains("keys=2"));
    replicated(&group.replica, 2).await;

    group.master.kill();
    get(&redis, "a").await.unwrap_err();
    eventually("calls to succeed again", || async { get(&redis, "a").await.is_ok() }).await;
    assert_eq!(get(&redis, "b").await.unwrap().as_deref(), Some("2"));
    redis.delete("a").await.unwrap();
    assert_eq!(group.replica.ask(&["EXISTS", "a"]), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_stands_still_is_replaced_too() {
    let group = SentinelGroup::start().await;
    let redis = connected(&settings(group.url())).await;
    redis.set_with_ttl("a", "1", MINUTE).await.unwrap();
    replicated(&group.replica, 1).await;
    group.master.freeze();
    let error = get(&redis, "a").await.unwrap_err();
    assert!(matches!(error, RedisError::TimedOut(300) | RedisError::Failed(_)), "{error:?}");
    eventually("calls to succeed again", || async { get(&redis, "a").await.is_ok() }).await;
    // It goes on and does not know yet that it is none any more.
    group.master.thaw();
    redis.set_with_ttl("a", "2", MINUTE).await.unwrap();
    assert_eq!(group.replica.ask(&["GET", "a"]), "2");
}

/// Sentinel 1 is the one that other clients ask first, and alone if it takes their connection.
#[tokio::test(flavor = "multi_thread")]
async fn sentinels_that_stand_still_or_are_gone_are_not_needed() {
    let mut group = SentinelGroup::start().await;
    group.sentinels[1].freeze();
    let redis = connected(&settings(group.url())).await;
    redis.set_with_ttl("a", "1", MINUTE).await.unwrap();
    replicated(&group.replica, 1).await;
    group.sentinels[1].thaw();
    // All others agree on the next master; then only one remains, which the client has not spoken to before.
    group.master.kill();
    group.promoted(1).await;
    group.sentinels[0].kill();
    group.sentinels[2].kill();
    eventually("calls to succeed again", || async { get(&redis, "a").await.is_ok() }).await;
    // Without any, the master that is known stays.
    group.sentinels[1].kill();
    assert_eq!(get(&redis, "a").await.unwrap().as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_masters_password_is_not_for_the_sentinels() {
    let group = SentinelGroup::with_password("s3cret").await;
    let redis = connected(&settings(group.url())).await;
    redis.set_with_ttl("a", "1", MINUTE).await.unwrap();
    assert_eq!(group.master.ask(&["GET", "a"]), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_no_sentinel_knows_is_as_good_as_away() {
    let group = SentinelGroup::start().await;
    let elsewhere = group.url().replace("sentinelServiceName=routes", "sentinelServiceName=others");
    let redis = runtime::redis::Redis::connect(&settings(elsewhere)).unwrap();
    let error = get(&redis, "a").await.unwrap_err();
    assert!(matches!(error, RedisError::Disconnected), "{error:?}");
}
