//! What the gateways sent is what stands in the database, whatever happens to the ingestors meanwhile.

use domain::ids::ChargePointId;
use gateway_simulator::Load;
use gateway_simulator::ledger::Ledger;
use gateway_simulator::settings::LoadSettings;
use runtime::Shutdown;
use serde_json::{Value, json};
use std::time::Duration;
use system_tests::{Platform, steady};
use testkit::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn events_count_once_while_replicas_come_go_and_crash() {
    let platform = Platform::start(|settings| settings.gateway.pods = 3).await;
    let settings = LoadSettings { duplicates: 0.1, moves: 0.02, ..steady(400, 10, 60) };
    let load = Load::new(&settings, &platform.simulator_settings, &platform.kafka).await.unwrap();
    let shutdown = Shutdown::new(Duration::from_secs(1));
    let play = async {
        let (first, second) = (platform.ingest(), platform.ingest());
        some_written(&platform, 500).await;
        first.crash().await;
        some_written(&platform, 1_500).await;
        let third = platform.ingest();
        some_written(&platform, 2_500).await;
        second.stop().await;
        third
    };
    let (report, last) = tokio::join!(load.run(&settings, &shutdown), play);
    let report = report.unwrap();
    assert_eq!(report.failed, 0);
    assert!(report.duplicates > 0);
    eventually("everything to be written", || async { written(&platform).await == report.acknowledged })
        .await;
    last.stop().await;
    assert_eq!(platform.database.json("select count(*) from dead_letters").await, json!(0));
    compare(&platform, &report.ledger).await;
}

async fn written(platform: &Platform) -> u64 {
    let sum = platform.database.json("select coalesce(sum(next_offset), 0) from ingest_partitions").await;
    sum.as_u64().unwrap()
}

async fn some_written(platform: &Platform, events: u64) {
    eventually("events to be written", || async { written(platform).await >= events }).await;
}

/// Statuses, gateways, sessions: device by device as they were sent.
async fn compare(platform: &Platform, ledger: &Ledger) {
    let statuses = rows(
        platform,
        "select charge_point_id as id, connector_id as c, status as s from connectors where status is not null order by 1, 2",
    );
    let mut sent = Vec::new();
    for device in &ledger.devices {
        for (connector, status) in &device.statuses {
            sent.push(json!({ "id": id(&device.charge_point_id), "c": connector.number(), "s": status.status.as_str() }));
        }
    }
    assert_eq!(statuses.await, json!(sent));

    let online = rows(
        platform,
        "select charge_point_id as id, gateway_id as g, online as o from charge_points order by 1",
    );
    let sent: Vec<_> = ledger.devices.iter().map(|device| json!({ "id": id(&device.charge_point_id), "g": device.gateway_id.as_ref().map(|g| g.as_str()), "o": true })).collect();
    assert_eq!(online.await, json!(sent));

    let sessions = rows(
        platform,
        "select charge_point_id as id, connector_id as c, transaction_id as t, id_tag as tag, ended_at is not null as e, meter_start_wh as m, meter_stop_wh as n from sessions order by 1, started_at, connector_id",
    );
    let mut sent = Vec::new();
    for device in &ledger.devices {
        let mut sessions: Vec<_> = device.sessions.iter().collect();
        sessions.sort_by_key(|session| (session.started.at, session.connector_id));
        for session in sessions {
            sent.push(json!({
                "id": id(&device.charge_point_id), "c": session.connector_id.number(),
                "t": session.transaction_id.as_ref().map(|t| t.as_str()), "tag": session.id_tag.as_ref().map(|t| t.as_str()),
                "e": session.stopped.is_some(), "m": session.meter_start_wh, "n": session.meter_stop_wh
            }));
        }
    }
    let stored = sessions.await;
    let (stored, sent) = (stored.as_array().unwrap(), sent);
    assert_eq!(stored.len(), sent.len(), "sessions");
    for (stored, sent) in stored.iter().zip(&sent) {
        assert_eq!(numbers(stored), numbers(sent));
    }
}

/// 5 and 5.0 are one number.
fn numbers(row: &Value) -> String {
    let fields = row.as_object().unwrap().iter();
    fields
        .map(|(key, value)| {
            format!("{key}={:?} ", value.as_f64().map_or(value.to_string(), |n| n.to_string()))
        })
        .collect()
}

fn id(device: &ChargePointId) -> &str {
    device.as_str()
}

async fn rows(platform: &Platform, sql: &str) -> Value {
    platform.database.json(&format!("select coalesce(json_agg(r), '[]') from ({sql}) r")).await
}
