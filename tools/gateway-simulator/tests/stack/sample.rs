//! Ids, commands, and events in a short form.

use domain::commands::CommandKind;
use domain::event::{EventKind, GatewayEvent};
use domain::ids::{ChargePointId, ConnectorId, IdTag};
use runtime::kafka::ReceivedRecord;
use testkit::unique;

pub fn charge_point() -> ChargePointId {
    ChargePointId::parse(&unique("SIM")).unwrap()
}

pub fn connector(number: i64) -> ConnectorId {
    ConnectorId::parse(number).unwrap()
}

pub fn start_on(number: i64) -> CommandKind {
    CommandKind::StartTransaction {
        id_tag: IdTag::parse("RFID123").unwrap(),
        connector_id: Some(connector(number)),
    }
}

/// The events in a short form.
pub fn summary(records: &[(ReceivedRecord, GatewayEvent)]) -> Vec<String> {
    let short = |event: &GatewayEvent| match &event.kind {
        EventKind::StatusChanged(report) => report.status.to_string(),
        EventKind::CommandAnswered(answer) => answer.status.clone(),
        other => other.name().to_owned(),
    };
    records.iter().map(|(_, event)| short(event)).collect()
}
