//! Compares devices, connectors and sessions in the database with what was sent.

use super::{Finding, finding};
use crate::database_audit::rows;
use gateway_simulator::ledger::{DeviceLedger, Ledger};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use storage::Database;

/// A table that is compared row by row: its stored rows, and the expected rows of a device. Each
/// further table that events are written to needs one more of these.
struct Comparison {
    what: &'static str,
    stored: &'static str,
    sent: fn(&DeviceLedger) -> Vec<Value>,
}

const COMPARISONS: [Comparison; 4] = [
    Comparison {
        what: "last statuses of connectors",
        stored: "select charge_point_id as id, connector_id as connector, status,
                        floor(extract(epoch from status_at) * 1000)::bigint as at_ms
                 from connectors where status is not null",
        sent: statuses,
    },
    Comparison {
        what: "devices, whether online, and their gateways",
        stored: "select charge_point_id as id, gateway_id as gateway, online from charge_points",
        sent: liveness,
    },
    Comparison {
        what: "sessions",
        stored: "select charge_point_id as id, connector_id as connector, transaction_id as transaction, id_tag as tag,
                        started_by, floor(extract(epoch from started_at) * 1000)::bigint as started_ms,
                        ended_at is not null as ended, meter_start_wh as meter_start, meter_stop_wh as meter_stop
                 from sessions",
        sent: sessions,
    },
    Comparison {
        what: "meter samples of devices",
        stored: "select charge_point_id as id, count(*) as samples from meter_samples group by 1",
        sent: samples,
    },
];

/// The differences between `database` and `ledger`, without devices whose ids begin with
/// `bystanders`.
///
/// # Errors
/// When PostgreSQL cannot be reached.
pub async fn differences(
    database: &Database,
    ledger: &Ledger,
    bystanders: Option<&str>,
) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for comparison in &COMPARISONS {
        let mut stored = rows(database, comparison.stored).await?;
        stored.retain(|row| !bystanders.is_some_and(|begin| device(row).starts_with(begin)));
        let sent: Vec<Value> = ledger.devices.iter().flat_map(comparison.sent).collect();
        let mut balance: BTreeMap<String, i64> = BTreeMap::new();
        sent.iter().for_each(|row| *balance.entry(line(row)).or_default() += 1);
        stored.iter().for_each(|row| *balance.entry(line(row)).or_default() -= 1);
        let only = |sign: i64| -> Vec<String> {
            let rows = balance.iter().filter(|(_, count)| **count * sign > 0);
            rows.map(|(row, _)| row.clone()).collect()
        };
        findings.extend(finding(&format!("{}: sent and not stored", comparison.what), &only(1)));
        findings.extend(finding(&format!("{}: stored and not sent", comparison.what), &only(-1)));
    }
    Ok(findings)
}

/// The device id of a row.
fn device(row: &Value) -> &str {
    row.get("id").and_then(Value::as_str).unwrap_or_default()
}

fn statuses(device: &DeviceLedger) -> Vec<Value> {
    let statuses = device.statuses.iter();
    statuses
        .map(|(connector, status)| {
            json!({
                "id": device.charge_point_id,
                "connector": connector.number(),
                "status": status.status.as_str(),
                "at_ms": status.mark.at.timestamp_millis(),
            })
        })
        .collect()
}

fn liveness(device: &DeviceLedger) -> Vec<Value> {
    let gateway = device.gateway_id.as_ref().map(|gateway| gateway.as_str());
    vec![json!({ "id": device.charge_point_id, "gateway": gateway, "online": true })]
}

fn sessions(device: &DeviceLedger) -> Vec<Value> {
    let row = |session: &gateway_simulator::ledger::LedgerSession| {
        json!({
            "id": device.charge_point_id,
            "connector": session.connector_id.number(),
            "transaction": session.transaction_id.as_ref().map(|id| id.as_str()),
            "tag": session.id_tag.as_ref().map(|tag| tag.as_str()),
            "started_by": session.started_by.map(domain::sessions::session::StartedBy::as_str),
            "started_ms": session.started.at.timestamp_millis(),
            "ended": session.stopped.is_some(),
            "meter_start": session.meter_start_wh,
            "meter_stop": session.meter_stop_wh,
        })
    };
    device.shown_sessions().map(row).collect()
}

fn samples(device: &DeviceLedger) -> Vec<Value> {
    // Each reading has its own instant.
    let samples: u64 = device.sessions.iter().map(|session| session.meter_values).sum();
    let row = json!({ "id": device.charge_point_id, "samples": samples });
    if samples > 0 { vec![row] } else { Vec::new() }
}

/// A row as text, in which 5 and 5.0 are equal.
fn line(row: &Value) -> String {
    let fields = row.as_object().into_iter().flatten();
    let text = |(name, value): (&String, &Value)| {
        let value = value.as_f64().map_or_else(|| value.to_string(), |number| number.to_string());
        format!("{name}={value}")
    };
    fields.map(text).collect::<Vec<_>>().join(" ")
}
