//! Replicas share the partitions, hand them over, and take them over.

use crate::ground::Ground;
use serde_json::json;

fn heartbeat(device: &str) -> String {
    json!({ "eventId": testkit::unique("e"), "eventType": "charge_point.heartbeat", "chargePointId": device,
            "gatewayId": "pod", "timestamp": runtime::clock::now() })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_spread_the_partitions_and_hand_them_over() {
    let ground = Ground::new(5).await;
    let a = ground.start_with_lease(2_000);
    assert_eq!(ground.shared_out(1).await, [5]);
    let b = ground.start_with_lease(2_000);
    ground.shared_out(2).await;
    let c = ground.start_with_lease(2_000);
    ground.shared_out(3).await;
    a.stop().await;
    ground.shared_out(2).await;
    for partition in 0..5 {
        let last = ground.publish(partition, &[heartbeat(&format!("CP-{partition}"))]).await;
        ground.written(partition, last).await;
    }
    b.crash().await;
    assert_eq!(ground.shared_out(1).await, [5], "what a crashed replica held is taken over");
    let last = ground.publish(4, &[heartbeat("CP-4")]).await;
    ground.written(4, last).await;
    c.stop().await;
    assert!(ground.partitions().await.iter().all(|state| state.owner.is_none()), "given back at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_replicas_than_partitions_stand_by() {
    let ground = Ground::new(1).await;
    let replicas = [ground.start_with_lease(2_000), ground.start_with_lease(2_000)];
    ground.shared_out(1).await;
    let last = ground.publish(0, &[heartbeat("CP-1")]).await;
    ground.written(0, last).await;
    let [first, second] = replicas;
    first.stop().await;
    let last = ground.publish(0, &[heartbeat("CP-1")]).await;
    ground.written(0, last).await;
    second.stop().await;
}
