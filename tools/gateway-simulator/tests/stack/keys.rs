//! The `conn:` keys.

use crate::harness::{Harness, settings};
use gateway_simulator::{Disconnection, KeyFate};
use testkit::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_names_the_pod_and_is_deleted_with_the_disconnection() {
    let harness = Harness::start(settings(), 4).await;
    let pods = harness.simulator.pods();
    let id = harness.device(0).await;
    assert_eq!(harness.key(&id).await.as_deref(), Some(pods[0].as_str()));
    harness.simulator.move_to_pod(&id, 1, Disconnection::Late).await.unwrap();
    assert_eq!(harness.key(&id).await.as_deref(), Some(pods[1].as_str()));
    harness.simulator.disconnect(&id).await.unwrap();
    assert_eq!(harness.key(&id).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_belongs_to_another_pod_is_left_alone() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(0).await;
    let ttl = std::time::Duration::from_secs(60);
    let key = format!("conn:{id}");
    harness.redis.set_with_ttl(&key, "another-gateway", ttl).await.unwrap();
    harness.simulator.disconnect(&id).await.unwrap();
    assert_eq!(harness.key(&id).await.as_deref(), Some("another-gateway"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_refreshed_until_the_device_vanishes() {
    let mut settings = settings();
    settings.gateway.conn_ttl_s = 3;
    settings.gateway.conn_refresh_s = 1;
    settings.gateway.conn_chunk = 2;
    let harness = Harness::start(settings, 4).await;
    let mut devices = Vec::new();
    for _ in 0..5 {
        devices.push(harness.device(0).await);
    }
    // After they were deleted by another client, all of them are written again, chunk by chunk.
    for id in &devices {
        harness.redis.delete(&format!("conn:{id}")).await.unwrap();
    }
    for id in &devices {
        eventually("the key to be refreshed", || async { harness.key(id).await.is_some() }).await;
    }
    harness.simulator.vanish(&devices[0], KeyFate::Expires).await.unwrap();
    harness.simulator.vanish(&devices[1], KeyFate::Deleted).await.unwrap();
    assert_eq!(harness.key(&devices[1]).await, None);
    eventually("the key to expire", || async { harness.key(&devices[0]).await.is_none() }).await;
    eventually("the other keys to stay", || async { harness.key(&devices[2]).await.is_some() }).await;
}
