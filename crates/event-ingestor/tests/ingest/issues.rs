//! Issues follow from events, whichever replica evaluates them.

use crate::fixture::Fixture;
use serde_json::{Value, json};
use testkit::{eventually, eventually_some};

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

/// The types of the changes of issues in the feed, in short, in the order in which they were written.
const PUBLISHED: &str = "
    select split_part(change #>> '{kind,data,feedChange,kind,type}', '.', 3) as kind
    from feed_chunks, json_array_elements(changes) as change
    where change #>> '{kind,data,feedChange,kind,type}' like 'charging.issue.%'
    order by feed_chunks.id";

/// Which replica evaluates, once one does that is not `before`.
async fn evaluator_after(fixture: &Fixture, before: Option<&Value>) -> Value {
    let holder = "select owner from ingest_partitions where topic = 'issues/evaluator' and owner is not null";
    eventually_some("a replica to evaluate", || async {
        let owner = fixture.rows(holder).await.get(0)?.get("owner")?.clone();
        (Some(&owner) != before).then_some(owner)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_opens_and_closes_once_over_a_takeover_of_the_lease_and_a_restart() {
    let fixture = Fixture::new(1).await;
    fixture.database.execute(PILE).await;
    let first = fixture.start();
    let holder = evaluator_after(&fixture, None).await;
    let second = fixture.start();
    fixture.publish(0, &[status("1", "Faulted")]).await;
    let published = async |expected: Value| {
        let what = format!("the feed to have {expected}");
        eventually(&what, || async { fixture.rows(PUBLISHED).await == expected }).await;
    };
    published(json!([{ "kind": "opened" }])).await;
    // The other replica takes over: it must neither repeat nor lose a change.
    first.crash().await;
    let successor = evaluator_after(&fixture, Some(&holder)).await;
    fixture.publish(0, &[status("2", "Available")]).await;
    published(json!([{ "kind": "opened" }, { "kind": "closed" }])).await;
    second.stop().await;
    let third = fixture.start();
    evaluator_after(&fixture, Some(&successor)).await;
    fixture.publish(0, &[status("3", "Faulted")]).await;
    published(json!([{ "kind": "opened" }, { "kind": "closed" }, { "kind": "opened" }])).await;
    third.stop().await;
    let issues = "select count(*) as issues, count(closed_at) as closed, sum(version) as events from issues";
    assert_eq!(fixture.rows(issues).await, json!([{ "issues": 2, "closed": 1, "events": 3 }]));
    let events = "select count(*) as n from issue_events";
    assert_eq!(fixture.rows(events).await, json!([{ "n": 3 }]));
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
