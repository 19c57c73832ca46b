//! Replicas share the partitions, hand them over, and take over those of others.

use crate::fixture::Fixture;
use serde_json::json;
use testkit::kafka_wire::Connection;

fn heartbeat(device: &str) -> String {
    json!({ "eventId": testkit::unique("e"), "eventType": "charge_point.heartbeat", "chargePointId": device,
            "gatewayId": "pod", "timestamp": runtime::clock::now() })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_spread_the_partitions_and_hand_them_over() {
    let fixture = Fixture::new(5).await;
    let a = fixture.start_with_lease(2_000);
    assert_eq!(fixture.shared_out(1).await, [5]);
    let b = fixture.start_with_lease(2_000);
    fixture.shared_out(2).await;
    let c = fixture.start_with_lease(2_000);
    fixture.shared_out(3).await;
    a.stop().await;
    fixture.shared_out(2).await;
    for partition in 0..5 {
        let last = fixture.publish(partition, &[heartbeat(&format!("CP-{partition}"))]).await;
        fixture.written(partition, last).await;
    }
    b.crash().await;
    assert_eq!(fixture.shared_out(1).await, [5], "the partitions of a crashed replica are taken over");
    let last = fixture.publish(4, &[heartbeat("CP-4")]).await;
    fixture.written(4, last).await;
    c.stop().await;
    assert!(fixture.partitions().await.iter().all(|state| state.owner.is_none()), "released at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn takes_over_from_a_dead_replica_before_its_leases_expire() {
    let fixture = Fixture::new(4).await;
    let (dying, survivor) = (fixture.start_with_lease(4_000), fixture.start_with_lease(4_000));
    fixture.shared_out(2).await;
    dying.crash().await;
    let last_long = "update ingest_partitions set lease_until = clock_timestamp() + interval '10 minutes' where owner is not null;
                     update ingest_replicas set alive_until = clock_timestamp() + interval '10 minutes'";
    fixture.database.execute(last_long).await;
    assert_eq!(fixture.shared_out(1).await, [4]);
    for partition in 0..4 {
        let last = fixture.publish(partition, &[heartbeat(&format!("CP-{partition}"))]).await;
        fixture.written(partition, last).await;
    }
    survivor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn surplus_replicas_stand_by() {
    let fixture = Fixture::new(1).await;
    let replicas = [fixture.start_with_lease(2_000), fixture.start_with_lease(2_000)];
    fixture.shared_out(1).await;
    let last = fixture.publish(0, &[heartbeat("CP-1")]).await;
    fixture.written(0, last).await;
    let [first, second] = replicas;
    first.stop().await;
    let last = fixture.publish(0, &[heartbeat("CP-1")]).await;
    fixture.written(0, last).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_kafka_does_not_admit_gets_no_partitions() {
    let fixture = Fixture::new(2).await;
    let good = fixture.start_with_lease(2_000);
    assert_eq!(fixture.shared_out(1).await, [2]);
    let nowhere = format!("127.0.0.1:{}", testkit::free_port());
    let shut_out = fixture.start_with(&[("ingest.lease_ms", "2000"), ("kafka.brokers", &nowhere)]);
    let begun = runtime::clock::now().to_rfc3339();
    let renewed = format!(
        "select from ingest_partitions
         where lease_until > '{begun}'::timestamptz + interval '5 seconds' and topic not like '%/%'"
    );
    let renewed_often = async || fixture.rows(&renewed).await.as_array().unwrap().len() == 2;
    testkit::eventually("leases to be renewed several times", renewed_often).await;
    let replicas = fixture.rows("select count(*) from ingest_replicas").await;
    assert_eq!(replicas, json!([{ "count": 1 }]), "the replica does not count as a member");
    assert_eq!(fixture.shared_out(1).await, [2]);
    shut_out.stop().await;
    good.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_new_partitions_from_their_beginning() {
    let fixture = Fixture::new(1).await;
    let replicas = [fixture.start_with_lease(2_000), fixture.start_with_lease(2_000)];
    fixture.shared_out(1).await;
    let brokers = testkit::kafka_brokers();
    Connection::open(brokers.split(',').next().unwrap()).grow_topic(&fixture.topic, 3);
    let last = fixture.publish(2, &[heartbeat("CP-NEW")]).await;
    fixture.written(2, last).await;
    fixture.shared_out(2).await;
    let heard = fixture.rows("select charge_point_id as id from charge_points").await;
    assert_eq!(heard, json!([{ "id": "CP-NEW" }]));
    for replica in replicas {
        replica.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_all_leases_while_a_slow_batch_delays_a_release() {
    let fixture = Fixture::new(3).await;
    // Long enough for a machine that suspends the replicas; the wait below is for half of it.
    let first = fixture.start_with_lease(12_000);
    assert_eq!(fixture.shared_out(1).await, [3]);
    for partition in 0..3 {
        let last = fixture.publish(partition, &[heartbeat(&format!("CP-{partition}"))]).await;
        fixture.written(partition, last).await;
    }
    let lock = "select from charge_points where charge_point_id = 'CP-2' for update";
    let blocker = fixture.database.open_transaction(lock).await;
    let last = fixture.publish(2, &[heartbeat("CP-2")]).await;
    let waits =
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let waits_now = async || !fixture.rows(waits).await.as_array().unwrap().is_empty();
    testkit::eventually("the batch to wait for the device", waits_now).await;
    let before = fixture.partitions().await;
    let second = fixture.start_with_lease(12_000);
    let begun = runtime::clock::now().to_rfc3339();
    let renewed = format!(
        "select from ingest_partitions where partition = 0 and lease_until > '{begun}'::timestamptz + interval '18 seconds'"
    );
    let kept_long = async || {
        assert_eq!(fixture.partitions().await[0], before[0], "the other lease expired");
        !fixture.rows(&renewed).await.as_array().unwrap().is_empty()
    };
    testkit::eventually("the other lease to be renewed while the batch waits", kept_long).await;
    blocker.commit().await;
    fixture.written(2, last).await;
    fixture.shared_out(2).await;
    first.stop().await;
    second.stop().await;
}
