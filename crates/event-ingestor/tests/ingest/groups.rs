//! Partitions that share transactions.

use crate::fixture::Fixture;
use serde_json::json;

fn status(device: u32, number: u32) -> String {
    let status = if number.is_multiple_of(2) { "Available" } else { "Preparing" };
    json!({
        "eventId": testkit::unique("e"), "eventType": "connector.status_changed",
        "chargePointId": format!("CP-{device}"), "gatewayId": "pod-1", "timestamp": runtime::clock::now(),
        "payload": { "connectorId": 1, "status": status }
    })
    .to_string()
}

/// The history of a device's statuses has as many entries as it changed.
async fn changes(fixture: &Fixture, device: u32) -> serde_json::Value {
    let changes = format!(
        "select count(*)::int as changes from status_changes where charge_point_id = 'CP-{device}' and connector_id = 1"
    );
    fixture.rows(&changes).await[0]["changes"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_record_does_not_hold_up_other_partitions() {
    let fixture = Fixture::new(3).await;
    let trigger = "create function fault() returns trigger language plpgsql as $$ begin raise exception 'a refusal in any words'; end $$;
                   create trigger fault before update on charge_points for each row when (new.charge_point_id = 'CP-2')
                   execute function fault()";
    fixture.database.execute(trigger).await;
    let refused = fixture.publish(2, &[status(2, 0)]).await;
    let replica = fixture.start();
    for number in 0..20 {
        for partition in 0..2 {
            let last = fixture.publish(partition, &[status(u32::try_from(partition).unwrap(), number)]).await;
            fixture.written(partition, last).await;
        }
    }
    fixture.written(2, refused).await;
    assert_eq!(fixture.dead_letters().await.len(), 1);
    for device in 0..2 {
        assert_eq!(changes(&fixture, device).await, json!(20), "each event has its effect once");
    }
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_partition_costs_the_others_nothing_and_no_event_is_written_twice() {
    let fixture = Fixture::new(4).await;
    let replica = fixture.start_with_lease(2_000);
    assert_eq!(fixture.shared_out(1).await, [4]);
    for number in 0..30 {
        if number % 10 == 5 {
            // As if another replica had taken it and died.
            let lost = "update ingest_partitions set epoch = epoch + 1, lease_until = '-infinity' where partition = 3";
            fixture.database.execute(lost).await;
        }
        let mut last = Vec::new();
        for partition in 0..4 {
            let device = u32::try_from(partition).unwrap();
            last.push((partition, fixture.publish(partition, &[status(device, number)]).await));
        }
        for (partition, offset) in last {
            fixture.written(partition, offset).await;
        }
    }
    for device in 0..4 {
        assert_eq!(changes(&fixture, device).await, json!(30), "CP-{device}");
    }
    assert!(fixture.dead_letters().await.is_empty());
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_partition_does_not_hold_up_others_and_is_left_in_order() {
    let fixture = Fixture::new(3).await;
    let replica =
        fixture.start_with(&[("ingest.lease_ms", "30000"), ("database.statement_timeout_ms", "60000")]);
    assert_eq!(fixture.shared_out(1).await, [3]);
    for partition in 0..3 {
        let last = fixture.publish(partition, &[status(u32::try_from(partition).unwrap(), 0)]).await;
        fixture.written(partition, last).await;
    }
    let lock = "select from charge_points where charge_point_id = 'CP-2' for update";
    let blocker = fixture.database.open_transaction(lock).await;
    let blocked = fixture.publish(2, &[status(2, 1)]).await;
    let waits =
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let waits_now = async || !fixture.rows(waits).await.as_array().unwrap().is_empty();
    testkit::eventually("the batch to wait for the device", waits_now).await;
    for number in 1..10 {
        let last = fixture.publish(0, &[status(0, number)]).await;
        fixture.written(0, last).await;
    }
    assert!(fixture.partitions().await[2].next_offset <= blocked, "the test must have blocked the partition");
    let stopping = tokio::spawn(replica.stop());
    let others =
        async || fixture.partitions().await.iter().filter(|state| state.owner.is_none()).count() >= 2;
    testkit::eventually("the other partitions to be released", others).await;
    blocker.commit().await;
    stopping.await.unwrap();
    assert_eq!(
        fixture.partitions().await[2].next_offset,
        blocked + 1,
        "a transaction that has begun is finished"
    );
    assert_eq!(changes(&fixture, 2).await, json!(2));
}
