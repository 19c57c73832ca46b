//! Inserts dead letters into the database as event-ingestor does, and builds events for them.

use crate::answer::Answer;
use crate::app::TestApp;
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;
use uuid::Uuid;

/// Inserts a dead letter for a record with `value` at `offset` of partition 0, appended at 10:00
/// UTC with the key `CP-1`; returns the path of the dead letter.
pub async fn put_aside(app: &TestApp, offset: i64, reason: &str, value: &[u8]) -> String {
    let id = Uuid::now_v7();
    let mut hex = String::new();
    for byte in value {
        write!(hex, "{byte:02x}").unwrap();
    }
    app.database
        .execute(&format!(
            "insert into dead_letters
               (id, topic, partition, first_offset, last_offset, appended_at, reason, detail, key, value)
             values ('{id}', 'events', 0, {offset}, {offset}, '2026-07-25T10:00:00Z', '{reason}', 'why', 'CP-1',
                     decode('{hex}', 'hex'))"
        ))
        .await;
    format!("/api/v1/dead-letters/{id}")
}

/// Inserts a dead letter for a range that could not be read; returns its path.
pub async fn range(app: &TestApp, first: i64, last: i64) -> String {
    let id = Uuid::now_v7();
    app.database
        .execute(&format!(
            "insert into dead_letters (id, topic, partition, first_offset, last_offset, reason, detail)
             values ('{id}', 'events', 0, {first}, {last}, 'UNREADABLE_BATCH', 'why')"
        ))
        .await;
    format!("/api/v1/dead-letters/{id}")
}

/// An event of `device` at 10:00 UTC and `second`.
pub fn event(device: &str, event_type: &str, second: u32, payload: &Value) -> Value {
    json!({
        "eventId": format!("{event_type} {second} {payload}"), "eventType": event_type, "chargePointId": device,
        "gatewayId": "pod-1", "timestamp": format!("2026-07-25T10:00:{second:02}Z"), "payload": payload
    })
}

/// A status of a connector of `device`.
pub fn status(device: &str, connector: i64, status: &str, second: u32) -> Value {
    let payload = json!({ "connectorId": connector, "status": status });
    event(device, "connector.status_changed", second, &payload)
}

/// Replays the dead letter at `path`.
pub async fn replay(app: &TestApp, path: &str, dry_run: bool) -> Answer {
    Answer::to(app.request(Method::POST, &format!("{path}/replay?dryRun={dry_run}"))).await
}

/// The status of each connector of the pile at `path`.
pub async fn statuses(app: &TestApp, path: &str) -> Vec<String> {
    let pile = app.get(path).await.json();
    let connectors = pile["connectors"].as_array().unwrap().clone();
    connectors.iter().map(|connector| connector["status"].as_str().unwrap().to_owned()).collect()
}

/// The stored state and history of all devices, as JSON.
pub async fn live_state(app: &TestApp) -> Value {
    app.database
        .json(
            "select jsonb_build_array(
               (select jsonb_agg(r) from charge_points r), (select jsonb_agg(r) from connectors r),
               (select jsonb_agg(r) from session_ledgers r), (select jsonb_agg(r) from sessions r),
               (select jsonb_agg(r) from status_changes r))",
        )
        .await
}
