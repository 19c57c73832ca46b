//! Issues follow from events, whichever replica evaluates them.

use crate::fixture::Fixture;
use serde_json::json;
use testkit::eventually;

const PILE: &str = "
    insert into stations (id, name, status, created_at, updated_at, version)
    values ('00000000-0000-7000-8000-000000000001', 'North', 'Open', now(), now(), 1);
    insert into piles (id, station_id, charge_point_id, model, rated_power_kw, created_at, updated_at, version)
    select id, id, 'CP-1', 'DC-120', 120, now(), now(), 1 from stations";

/// A report of connector 1, as a gateway sends it.
fn status(id: &str, status: &str) -> String {
    json!({
        "eventId": id, "eventType": "connector.status_changed", "chargePointId": "CP-1", "gatewayId": "pod-1",
        "timestamp": runtime::clock::now().timestamp_millis().to_string(),
        "payload": { "connectorId": 1, "status": status },
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_an_issue_until_it_is_repaired_and_a_crash_loses_and_repeats_nothing() {
    let fixture = Fixture::new(1).await;
    fixture.database.execute(PILE).await;
    let replica = fixture.start();
    fixture.publish(0, &[status("1", "Faulted")]).await;
    let issues = "select cause, closed_at is null as open, version from issues";
    eventually("the issue to open", || async {
        fixture.rows(issues).await == json!([{ "cause": "fault", "open": true, "version": 1 }])
    })
    .await;
    replica.crash().await;
    let replica = fixture.start();
    fixture.publish(0, &[status("2", "Available")]).await;
    eventually("the issue to close", || async {
        fixture.rows(issues).await == json!([{ "cause": "fault", "open": false, "version": 2 }])
    })
    .await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_must_not_evaluate_opens_no_issue() {
    let fixture = Fixture::new(1).await;
    fixture.database.execute(PILE).await;
    let replica = fixture.start_with(&[("issues.enabled", "false")]);
    let last = fixture.publish(0, &[status("1", "Faulted")]).await;
    fixture.written(0, last).await;
    replica.stop().await;
    assert_eq!(fixture.rows("select count(*) as n from issue_progress").await, json!([{ "n": 0 }]));
}
