//! The `conn:` keys.

use crate::bench::{Bench, settings};
use gateway_simulator::{Disconnection, KeyFate};
use testkit::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_names_the_pod_and_is_deleted_with_the_disconnection() {
    let bench = Bench::start(settings(), 4).await;
    let pods = bench.simulator.pods();
    let id = bench.device(0).await;
    assert_eq!(bench.key(&id).await.as_deref(), Some(pods[0].as_str()));
    bench.simulator.move_to_pod(&id, 1, Disconnection::Late).await.unwrap();
    assert_eq!(bench.key(&id).await.as_deref(), Some(pods[1].as_str()));
    bench.simulator.disconnect(&id).await.unwrap();
    assert_eq!(bench.key(&id).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_belongs_to_another_pod_is_left_alone() {
    let bench = Bench::start(settings(), 4).await;
    let id = bench.device(0).await;
    let ttl = std::time::Duration::from_secs(60);
    let key = format!("conn:{id}");
    bench.redis.set_with_ttl(&key, "another-gateway", ttl).await.unwrap();
    bench.simulator.disconnect(&id).await.unwrap();
    assert_eq!(bench.key(&id).await.as_deref(), Some("another-gateway"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_refreshed_until_the_device_vanishes() {
    let mut settings = settings();
    settings.gateway.conn_ttl_s = 3;
    settings.gateway.conn_refresh_s = 1;
    settings.gateway.conn_chunk = 2;
    let bench = Bench::start(settings, 4).await;
    let mut devices = Vec::new();
    for _ in 0..5 {
        devices.push(bench.device(0).await);
    }
    // After they were deleted by another client, all of them are written again, chunk by chunk.
    for id in &devices {
        bench.redis.delete(&format!("conn:{id}")).await.unwrap();
    }
    for id in &devices {
        eventually("the key to be refreshed", || async { bench.key(id).await.is_some() }).await;
    }
    bench.simulator.vanish(&devices[0], KeyFate::Expires).await.unwrap();
    bench.simulator.vanish(&devices[1], KeyFate::Deleted).await.unwrap();
    assert_eq!(bench.key(&devices[1]).await, None);
    eventually("the key to expire", || async { bench.key(&devices[0]).await.is_none() }).await;
    eventually("the other keys to stay", || async { bench.key(&devices[2]).await.is_some() }).await;
}
