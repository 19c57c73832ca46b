//! Replicas share the partitions, hand them over, and take them over.

use crate::ground::Ground;
use serde_json::json;
use testkit::kafka_wire::Connection;

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

#[tokio::test(flavor = "multi_thread")]
async fn whom_kafka_does_not_let_in_is_left_no_partitions() {
    let ground = Ground::new(2).await;
    let good = ground.start_with_lease(2_000);
    assert_eq!(ground.shared_out(1).await, [2]);
    let nowhere = format!("127.0.0.1:{}", testkit::free_port());
    let shut_out = ground.start_with(&[("ingest.lease_ms", "2000"), ("kafka.brokers", &nowhere)]);
    let begun = runtime::clock::now().to_rfc3339();
    let renewed = format!(
        "select from ingest_partitions where lease_until > '{begun}'::timestamptz + interval '5 seconds'"
    );
    let renewed_often = async || ground.rows(&renewed).await.as_array().unwrap().len() == 2;
    testkit::eventually("leases to be renewed several times", renewed_often).await;
    let replicas = ground.rows("select count(*) from ingest_replicas").await;
    assert_eq!(replicas, json!([{ "count": 1 }]), "nobody counts on it");
    assert_eq!(ground.shared_out(1).await, [2]);
    shut_out.stop().await;
    good.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_a_topic_gains_are_read_from_their_beginning() {
    let ground = Ground::new(1).await;
    let replicas = [ground.start_with_lease(2_000), ground.start_with_lease(2_000)];
    ground.shared_out(1).await;
    let brokers = testkit::kafka_brokers();
    Connection::open(brokers.split(',').next().unwrap()).grow_topic(&ground.topic, 3);
    let last = ground.publish(2, &[heartbeat("CP-NEW")]).await;
    ground.written(2, last).await;
    ground.shared_out(2).await;
    let heard = ground.rows("select charge_point_id as id from charge_points").await;
    assert_eq!(heard, json!([{ "id": "CP-NEW" }]));
    for replica in replicas {
        replica.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_takes_long_while_its_partition_is_given_back_costs_no_lease() {
    let ground = Ground::new(3).await;
    let first = ground.start_with_lease(2_000);
    assert_eq!(ground.shared_out(1).await, [3]);
    for partition in 0..3 {
        let last = ground.publish(partition, &[heartbeat(&format!("CP-{partition}"))]).await;
        ground.written(partition, last).await;
    }
    let lock = "select from charge_points where charge_point_id = 'CP-2' for update";
    let blocker = ground.database.hold(lock).await;
    let last = ground.publish(2, &[heartbeat("CP-2")]).await;
    let waits =
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let waits_now = async || !ground.rows(waits).await.as_array().unwrap().is_empty();
    testkit::eventually("the batch to wait for the device", waits_now).await;
    let before = ground.partitions().await;
    let second = ground.start_with_lease(2_000);
    let begun = runtime::clock::now().to_rfc3339();
    let renewed = format!(
        "select from ingest_partitions where partition = 0 and lease_until > '{begun}'::timestamptz + interval '8 seconds'"
    );
    let kept_long = async || {
        assert_eq!(ground.partitions().await[0], before[0], "the other lease ran out");
        !ground.rows(&renewed).await.as_array().unwrap().is_empty()
    };
    testkit::eventually("the other lease to be renewed while the batch waits", kept_long).await;
    blocker.commit().await;
    ground.written(2, last).await;
    ground.shared_out(2).await;
    first.stop().await;
    second.stop().await;
}
