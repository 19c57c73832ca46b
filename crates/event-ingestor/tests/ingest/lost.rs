//! Sessions are correct although messages are lost, late or repeated, and transaction ids are
//! reused.

use crate::fixture::Fixture;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// An event of `CP-1` that happened `seconds_ago`.
fn event(id: &str, kind: &str, seconds_ago: i64, payload: &Value) -> String {
    let at = runtime::clock::now() - chrono::TimeDelta::seconds(seconds_ago);
    json!({
        "eventId": id, "eventType": kind, "chargePointId": "CP-1", "gatewayId": "pod-1",
        "timestamp": at.to_rfc3339(), "payload": payload
    })
    .to_string()
}

fn start(id: &str, seconds_ago: i64, transaction: Option<&str>, meter_wh: u32) -> String {
    let payload =
        json!({ "connectorId": 1, "transactionId": transaction, "idTag": "TAG", "meterStartWh": meter_wh });
    event(id, "transaction.started", seconds_ago, &payload)
}

fn stop(id: &str, seconds_ago: i64, transaction: &str, meter_wh: Option<u32>) -> String {
    let payload = json!({ "transactionId": transaction, "reason": "Local", "meterStopWh": meter_wh });
    event(id, "transaction.stopped", seconds_ago, &payload)
}

const SESSIONS: &str =
    "select transaction_id as id, meter_start_wh as began, meter_stop_wh as ended, end_reason as reason
     from sessions order by started_at";

/// Publishes `batches`, each after the previous one is written.
async fn publish(fixture: &Fixture, batches: &[Vec<String>]) {
    let replica = fixture.start();
    for batch in batches {
        let last = fixture.publish(1, batch).await;
        fixture.written(1, last).await;
    }
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_stop_affects_no_later_session() {
    let fixture = Fixture::new(2).await;
    let first = vec![start("1", 900, Some("700"), 100)];
    let second = vec![
        event("2", "charge_point.connected", 800, &json!({ "model": "DC-120", "vendor": "A" })),
        start("3", 700, Some("701"), 600),
        stop("4", 600, "701", Some(9_000)),
    ];
    publish(&fixture, &[first, second]).await;
    assert_snapshot!(
        fixture.rows(SESSIONS).await,
        @r#"[{"began":100,"ended":null,"id":"700","reason":"Superseded"},{"began":600,"ended":9000,"id":"701","reason":"Local"}]"#
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_constant_transaction_id_loses_no_session() {
    let fixture = Fixture::new(2).await;
    let charge = |n: u32| {
        let ago = 9_000 - i64::from(n) * 600;
        vec![
            start(&format!("start-{n}"), ago, Some("1"), n * 100),
            stop(&format!("stop-{n}"), ago - 300, "1", Some(n * 100 + 50)),
        ]
    };
    publish(&fixture, &(0..12).map(charge).collect::<Vec<_>>()).await;
    let count = "select count(*)::int as all, count(*) filter (where meter_stop_wh - meter_start_wh = 50)::int as right
                 from sessions";
    assert_snapshot!(fixture.rows(count).await, @r#"[{"all":12,"right":12}]"#);
    assert!(fixture.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn records_a_late_session_and_ignores_copies_of_forgotten_ones() {
    let fixture = Fixture::new(2).await;
    let charge = |n: u32| {
        let ago = 9_000 - i64::from(n) * 600;
        let id = (800 + n).to_string();
        vec![
            start(&format!("start-{n}"), ago, Some(&id), n * 100),
            stop(&format!("stop-{n}"), ago - 300, &id, Some(n * 100 + 50)),
        ]
    };
    let mut batches: Vec<_> = (0..12).map(charge).collect();
    // Stored while the device was offline, between the second and the third session.
    batches.push(vec![
        start("late-start", 8_080, Some("offline"), 155),
        stop("late-stop", 7_900, "offline", Some(199)),
    ]);
    batches.push([charge(0), charge(1)].concat());
    publish(&fixture, &batches).await;
    let ids = "select string_agg(transaction_id, ' ' order by started_at) as ids, count(*) filter (where ended_at is null)::int as open
               from sessions";
    assert_snapshot!(
        fixture.rows(ids).await,
        @r#"[{"ids":"800 801 offline 802 803 804 805 806 807 808 809 810 811","open":0}]"#
    );
    assert!(fixture.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_stop_of_a_forgotten_session_ends_no_other_session() {
    let fixture = Fixture::new(2).await;
    let charge = |n: u32| {
        let (id, ago) = ((800 + n).to_string(), 9_000 - i64::from(n) * 400);
        let payload =
            json!({ "connectorId": 2, "transactionId": id, "idTag": "TAG", "meterStartWh": n * 100 });
        vec![
            event(&format!("start-{n}"), "transaction.started", ago, &payload),
            stop(&format!("stop-{n}"), ago - 200, &id, Some(n * 100 + 50)),
        ]
    };
    let mut batches = vec![vec![start("long", 9_500, Some("700"), 100)]];
    batches.extend((0..9).map(charge));
    batches.push(vec![stop("long-stop", 5_600, "700", Some(900))]);
    batches.extend((9..19).map(charge));
    batches.push(vec![start("nameless", 1_000, None, 1_000)]);
    batches.push(vec![stop("long-stop", 5_600, "700", Some(900)), stop("copy", 5_600, "700", Some(900))]);
    publish(&fixture, &batches).await;
    let odd = "select transaction_id as id, ended_at is null as open, meter_stop_wh as ended from sessions
               where connector_id = 1 order by started_at";
    assert_snapshot!(
        fixture.rows(odd).await,
        @r#"[{"ended":900,"id":"700","open":false},{"ended":null,"id":null,"open":true}]"#
    );
    assert!(fixture.dead_letters().await.is_empty());
}
