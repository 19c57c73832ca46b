//! The state of a device after a log, and the part of it that is visible.

use chrono::{DateTime, Utc};
use domain::commands::CommandRecord;
use domain::devices::charge_point::ChargePoint;
use domain::devices::presence::Confidence;
use domain::event::BootReport;
use domain::generate::{Record, device};
use domain::ids::GatewayId;
use domain::sessions::ledger::Derived;
use domain::status::ConnectorStatus;
use proptest::prelude::ProptestConfig;

pub type VisibleConnector = (u16, Option<ConnectorStatus>, Option<f64>, Option<f64>);

/// The visible state; the remembered events behind it (ties, forgotten disconnections) may differ.
#[derive(Debug, PartialEq)]
pub struct Visible {
    pub connectivity: Connectivity,
    pub content: Content,
}

/// Whether the device is online, and since when: every record counts.
#[derive(Debug, PartialEq)]
pub struct Connectivity {
    pub online: bool,
    pub confidence: Confidence,
    pub gateway: Option<GatewayId>,
    pub last_seen_at: DateTime<Utc>,
    pub last_heartbeat_at: Option<DateTime<Utc>>,
}

/// The content of the events: copies change nothing.
#[derive(Debug, PartialEq)]
pub struct Content {
    pub boot: Option<BootReport>,
    pub connectors: Vec<VisibleConnector>,
    pub sessions: Derived,
}

pub fn visible(state: &ChargePoint) -> Visible {
    let connectivity = Connectivity {
        online: state.liveness.online(),
        confidence: state.liveness.confidence(),
        gateway: state.liveness.gateway().cloned(),
        last_seen_at: state.liveness.last_seen_at,
        last_heartbeat_at: state.liveness.last_heartbeat_at,
    };
    Visible { connectivity, content: content(state) }
}

pub fn content(state: &ChargePoint) -> Content {
    let mut sessions = state.sessions();
    sessions.unplaced.sort_by_key(|(event, _)| *event);
    Content {
        boot: state.boot.as_ref().map(|boot| boot.value.clone()),
        connectors: state
            .connectors
            .values()
            .map(|c| {
                let status = c.status.as_ref().map(|status| status.newest().value.status);
                (c.id.number(), status, c.power_w.map(|v| v.value), c.energy_wh.map(|v| v.value))
            })
            .collect(),
        sessions,
    }
}

pub fn state_after(records: &[Record]) -> ChargePoint {
    state_with_commands(&[], records)
}

/// The state after `records`, while `commands` were pending.
pub fn state_with_commands(commands: &[CommandRecord], records: &[Record]) -> ChargePoint {
    let mut state = ChargePoint::new(device(), records[0].1.appended_at);
    state.commands = commands.iter().cloned().collect();
    for (event, position) in records {
        state.apply(event, position);
    }
    state
}

/// The records in the order in which they were appended.
pub fn in_order(records: &[Record]) -> Vec<Record> {
    let mut records = records.to_vec();
    records.sort_by_key(|(_, position)| (position.appended_at, position.partition, position.offset));
    records
}

/// 500 logs per property; `PROPTEST_CASES` sets a greater number.
pub fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: default.cases.max(500), ..default }
}
