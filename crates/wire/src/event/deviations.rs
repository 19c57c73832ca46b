//! Detects forms that the platform accepts in a record although new gateways should not send them.

use super::types::EventType;
use crate::json::{Node, Object};
use crate::proto;
use crate::record::{Body, RawRecord};
use crate::value::same_name;
use chrono::DateTime;
use prost::Message;
use std::collections::BTreeSet;

/// The names of the contract's fields in their preferred spelling.
const FIELDS: [&str; 36] = [
    "chargePointId",
    "commandId",
    "commandName",
    "connectorId",
    "context",
    "details",
    "errorCode",
    "eventId",
    "eventType",
    "firmwareVersion",
    "format",
    "gatewayId",
    "idTag",
    "info",
    "location",
    "measurand",
    "meterStartWh",
    "meterStopWh",
    "meterValues",
    "model",
    "payload",
    "phase",
    "previousStatus",
    "reason",
    "reservationId",
    "sampledValue",
    "serialNumber",
    "status",
    "stopTimestamp",
    "timestamp",
    "traceId",
    "transactionId",
    "unit",
    "value",
    "vendor",
    "vendorErrorCode",
];

/// OCPP 1.6's own names of fields that have another name in the contract.
const OCPP_FIELDS: [&str; 6] = [
    "chargePointModel",
    "chargePointSerialNumber",
    "chargePointVendor",
    "meterStart",
    "meterStop",
    "meterValue",
];

/// A deviation from the preferred form that is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deviation {
    /// There is no `eventId`: a copy in another record counts as another event.
    NoEventId,
    /// The `eventType` is not the name that the contract lists first, or has another case.
    OtherEventType,
    /// A time is not RFC 3339 with an offset: epoch milliseconds, a time without an offset, or
    /// another form of ISO 8601.
    OtherTime,
    /// A field's name is not in the contract's camelCase.
    OtherFieldName,
    /// A field has OCPP's own name, such as `meterStart`, instead of the contract's,
    /// `meterStartWh`.
    OcppFieldName,
}

/// The deviations in a record that [`decode`](super::decode) accepts; none for any other record.
///
/// The function parses the record again, for tools that assess gateways; the platform itself does
/// not use it.
#[must_use]
pub fn deviations(record: &RawRecord<'_>) -> BTreeSet<Deviation> {
    let mut deviations = BTreeSet::new();
    match record.body() {
        Ok(Body::Json(bytes)) => {
            if let Ok(root) = Object::parse(bytes) {
                of_envelope(&root, &mut deviations);
                of_members(&root, &mut deviations);
            }
        }
        Ok(Body::Protobuf(bytes)) => {
            let event = proto::GatewayEvent::decode(bytes);
            if event.is_ok_and(|event| event.event_id.trim().is_empty()) {
                deviations.insert(Deviation::NoEventId);
            }
        }
        Err(_) => {}
    }
    deviations
}

fn of_envelope(root: &Object<'_>, deviations: &mut BTreeSet<Deviation>) {
    if matches!(root.text("eventId"), Ok(None)) {
        deviations.insert(Deviation::NoEventId);
    }
    if let Ok(Some(sent)) = root.text("eventType")
        && EventType::named(sent.trim()).is_some_and(|known| known.name() != sent.trim())
    {
        deviations.insert(Deviation::OtherEventType);
    }
}

/// Checks every member at every depth, which serde_json limits.
fn of_members(object: &Object<'_>, deviations: &mut BTreeSet<Deviation>) {
    for (name, value) in object.members() {
        if OCPP_FIELDS.iter().any(|known| same_name(name, known)) {
            deviations.insert(Deviation::OcppFieldName);
            of_nested(value, deviations);
        }
        let Some(known) = FIELDS.iter().find(|known| same_name(name, known)) else {
            continue; // the field is not used
        };
        if *known != name {
            deviations.insert(Deviation::OtherFieldName);
        }
        if matches!(*known, "timestamp" | "stopTimestamp") && is_other_time(value) {
            deviations.insert(Deviation::OtherTime);
        }
        of_nested(value, deviations);
    }
}

fn of_nested(value: &Node<'_>, deviations: &mut BTreeSet<Deviation>) {
    match value {
        Node::Object(object) => of_members(object, deviations),
        Node::Array(items) => items.iter().for_each(|item| of_nested(item, deviations)),
        _ => {}
    }
}

fn is_other_time(value: &Node<'_>) -> bool {
    match value {
        Node::Text(text) => !text.trim().is_empty() && DateTime::parse_from_rfc3339(text.trim()).is_err(),
        Node::Integer(_) | Node::Float(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
