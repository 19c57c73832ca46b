//! No record is blamed for a fault of the database.

use crate::fixture::Fixture;
use runtime::kafka::NewRecord;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::eventually;

fn status(id: u32) -> String {
    json!({
        "eventId": format!("event-{id}"), "eventType": "connector.status_changed", "chargePointId": format!("CP-{id}"),
        "gatewayId": "pod-1", "timestamp": runtime::clock::now(), "payload": { "connectorId": 1, "status": "Available" }
    })
    .to_string()
}

/// Makes PostgreSQL run `statements` before each update of a device that meets `condition`.
async fn before_updates(fixture: &Fixture, condition: &str, statements: &str) {
    let trigger = format!(
        "create function fault() returns trigger language plpgsql as $$ begin {statements}; end $$;
         create trigger fault before update on charge_points for each row {condition} execute function fault()"
    );
    fixture.database.execute(&trigger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_for_a_read_only_database_and_blames_no_record() {
    let fixture = Fixture::new(2).await;
    let replica = fixture.start();
    let first = fixture.publish(1, &[status(0)]).await;
    fixture.written(1, first).await;
    let name = fixture.database.url.rsplit_once('/').unwrap().1;
    let others = "select pg_terminate_backend(pid) from pg_stat_activity
                  where datname = current_database() and pid <> pg_backend_pid()";
    fixture
        .database
        .execute(&format!("alter database \"{name}\" set default_transaction_read_only = on; {others}"))
        .await;
    let mut last = 0;
    for id in 1..=20 {
        last = fixture.publish(1, &[status(id)]).await;
    }
    eventually("the batch to be tried some times", || async {
        let metrics = runtime::telemetry::render_metrics().unwrap();
        let deferred = metrics.lines().find_map(|line| line.strip_prefix("ingest_writes_deferred_total "));
        deferred.is_some_and(|count| count.parse::<u64>().unwrap() >= 3)
    })
    .await;
    let writable = format!(
        "set default_transaction_read_only = off; alter database \"{name}\" reset default_transaction_read_only; {others}"
    );
    fixture.database.execute(&writable).await;
    fixture.written(1, last).await;
    assert!(fixture.dead_letters().await.is_empty());
    assert_eq!(
        fixture.rows("select count(*)::int as devices from charge_points").await,
        json!([{ "devices": 21 }])
    );
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_alone_is_refused_becomes_a_dead_letter() {
    let fixture = Fixture::new(2).await;
    before_updates(
        &fixture,
        "when (new.charge_point_id = 'CP-3')",
        "raise exception 'a refusal in any words'",
    )
    .await;
    let replica = fixture.start();
    let events: Vec<String> = (1..=5).map(status).collect();
    let last = fixture.publish(1, &events).await;
    fixture.written(1, last).await;
    let letters = fixture.dead_letters().await;
    assert_eq!(letters.len(), 1);
    assert!(letters[0].heading.detail.contains("a refusal in any words"), "{}", letters[0].heading.detail);
    let heard = "select string_agg(charge_point_id, ' ' order by charge_point_id) as heard from charge_points where online";
    assert_eq!(fixture.rows(heard).await, json!([{ "heard": "CP-1 CP-2 CP-4 CP-5" }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(feature = "librdkafka", ignore = "librdkafka ends the name of a header at its first NUL")]
async fn escapes_nul_in_a_dead_letter() {
    let fixture = Fixture::new(2).await;
    let unreadable = NewRecord {
        key: None,
        value: Some(b"garbage".to_vec()),
        headers: BTreeMap::from([("a\0b".to_owned(), b"c".to_vec())]),
        timestamp: chrono::SubsecRound::trunc_subsecs(runtime::clock::now(), 3),
    };
    fixture.append(1, vec![unreadable]).await;
    let last = fixture.publish(1, &[status(1)]).await;
    let replica = fixture.start();
    fixture.written(1, last).await;
    let headers = fixture.rows("select headers from dead_letters").await;
    assert_eq!(headers, json!([{ "headers": { "a\\0b": "Yw==" } }]));
    tokio::time::timeout(Duration::from_secs(19), replica.stop()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_a_slow_batch_in_parts() {
    let fixture = Fixture::new(1).await;
    before_updates(&fixture, "", "perform pg_sleep(0.03); return new").await;
    let events: Vec<String> = (1..=100).map(status).collect();
    let last = fixture.publish(0, &events).await;
    let replica = fixture.start_with(&[("database.statement_timeout_ms", "1000")]);
    fixture.written(0, last).await;
    assert!(fixture.dead_letters().await.is_empty());
    let heard = "select count(*)::int as devices from charge_points where online";
    assert_eq!(fixture.rows(heard).await, json!([{ "devices": 100 }]));
    replica.stop().await;
}
