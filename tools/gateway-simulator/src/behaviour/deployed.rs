//! The deployed gateway: which events it sends, and how it encodes them.
//!
//! It differs from [`Dialect::Deployed`], which has every deviation that the contract tolerates: it
//! keeps OCPP's spelling, drops values for which it has no field, and writes every sampled value as
//! an energy without unit.

use domain::event::{EventKind, GatewayEvent, MeterValues, StatusReport, TransactionStop};
use domain::measure::MeterReading;
use serde_json::{Map, Value, json};
use wire::event::encode::{Dialect, encode_event_json};

/// The measurand that it writes for every sampled value.
const MEASURAND: &str = "Energy.Active.Import.Register";

/// Whether the gateway sends events of this kind.
pub(super) const fn is_sent(event: &EventKind) -> bool {
    match event {
        EventKind::Connected(_)
        | EventKind::StatusChanged(_)
        | EventKind::MeterValues(_)
        | EventKind::TransactionStopped(_) => true,
        EventKind::Disconnected { .. }
        | EventKind::Heartbeat
        | EventKind::TransactionStarted(_)
        | EventKind::TransactionUpdated(_)
        | EventKind::CommandAnswered(_)
        | EventKind::Other { .. } => false,
    }
}

/// The value of the record. Events that the gateway never sends, but tests may, are written in
/// [`Dialect::Deployed`].
pub(super) fn encode(event: &GatewayEvent) -> Vec<u8> {
    let payload = match &event.kind {
        EventKind::Connected(boot) => {
            json!({ "model": boot.model, "vendor": boot.vendor, "firmwareVersion": boot.firmware_version })
        }
        EventKind::StatusChanged(report) => status(report),
        EventKind::MeterValues(values) => meter_values(values),
        EventKind::TransactionStopped(stop) => stopped(stop, event),
        _ => return encode_event_json(event, Dialect::Deployed),
    };
    let frame = GatewayEvent { trace_id: None, ..event.clone() };
    let mut message: Map<String, Value> =
        serde_json::from_slice(&encode_event_json(&frame, Dialect::Deployed)).unwrap_or_default();
    message.insert("payload".to_owned(), payload);
    Value::Object(message).to_string().into_bytes()
}

fn status(report: &StatusReport) -> Value {
    json!({
        "connectorId": report.connector_id.number(),
        "status": report.status.as_str(),
        "previousStatus": "Available",
        "errorCode": report.error_code.as_deref().unwrap_or("NoError"),
    })
}

fn meter_values(values: &MeterValues) -> Value {
    let entries: Vec<Value> = values.readings.iter().flat_map(entries).collect();
    let mut payload = json!({ "connectorId": values.connector_id.number(), "meterValues": entries });
    if let (Some(id), Some(payload)) = (&values.transaction_id, payload.as_object_mut()) {
        let id = id.as_integer().map_or_else(|| id.as_str().into(), Value::from);
        payload.insert("transactionId".to_owned(), id);
    }
    payload
}

/// The values as the device samples them (energy in Wh, power in kW), each as an energy of the same
/// instant.
fn entries(reading: &MeterReading) -> impl Iterator<Item = Value> + use<> {
    let timestamp = reading.taken_at.map(|at| at.timestamp_millis().to_string());
    let sampled = [
        reading.energy_wh,
        reading.power_w.map(|watts| watts / 1_000.0),
        reading.voltage_v,
        reading.current_a,
        reading.soc_percent,
        reading.temperature_c,
    ];
    sampled.into_iter().flatten().map(move |value| {
        let sampled_value = json!({ "value": value.to_string(), "measurand": MEASURAND });
        json!({ "timestamp": timestamp, "sampledValue": sampled_value })
    })
}

/// A register in whole Wh, as in OCPP's `StopTransaction`.
fn stopped(stop: &TransactionStop, event: &GatewayEvent) -> Value {
    let ended_at = stop.stopped_at.or(event.claimed_at);
    json!({
        "transactionId": stop.transaction_id.as_ref().and_then(domain::ids::TransactionId::as_integer),
        "reason": stop.reason,
        "meterStopWh": stop.meter_stop_wh.and_then(|wh| format!("{wh:.0}").parse::<i64>().ok()),
        "stopTimestamp": ended_at.map(|at| at.timestamp_millis().to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::event::{BootReport, CommandAnswer, TransactionStart};
    use domain::ids::{ChargePointId, ConnectorId, EventId, GatewayId, TransactionId};
    use domain::status::ConnectorStatus;
    use wire::RawRecord;

    fn event(kind: EventKind) -> GatewayEvent {
        GatewayEvent {
            event_id: EventId::parse("74fe221c-e8ad-4425-b570-de8156480a79").unwrap(),
            charge_point_id: ChargePointId::parse("CP-1").unwrap(),
            gateway_id: Some(GatewayId::parse("pod-0").unwrap()),
            claimed_at: DateTime::from_timestamp_millis(1_753_439_400_250),
            trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
            kind,
        }
    }

    fn payload(kind: EventKind) -> Value {
        let message: Value = serde_json::from_slice(&encode(&event(kind))).unwrap();
        message["payload"].clone()
    }

    fn connector() -> ConnectorId {
        ConnectorId::parse(1).unwrap()
    }

    #[test]
    fn the_envelope_has_epoch_milliseconds_and_no_trace() {
        let boot = BootReport { model: Some("M".to_owned()), ..BootReport::default() };
        let message: Value = serde_json::from_slice(&encode(&event(EventKind::Connected(boot)))).unwrap();
        assert_eq!(
            message,
            json!({
                "eventId": "74fe221c-e8ad-4425-b570-de8156480a79", "eventType": "charge_point.connected",
                "chargePointId": "CP-1", "gatewayId": "pod-0", "timestamp": "1753439400250",
                "payload": { "model": "M", "vendor": null, "firmwareVersion": null },
            })
        );
    }

    #[test]
    fn every_status_has_the_same_previous_status() {
        let report = StatusReport {
            connector_id: connector(),
            status: ConnectorStatus::SuspendedEV,
            error_code: None,
            info: Some("text".to_owned()),
            vendor_error_code: None,
        };
        assert_eq!(
            payload(EventKind::StatusChanged(report)),
            json!({ "connectorId": 1, "status": "SuspendedEV", "previousStatus": "Available", "errorCode": "NoError" })
        );
    }

    #[test]
    fn every_sampled_value_becomes_an_energy_of_the_same_instant() {
        let reading = MeterReading {
            taken_at: DateTime::from_timestamp_millis(1_753_439_400_000),
            energy_wh: Some(1_150.0),
            power_w: Some(60_500.0),
            ..MeterReading::default()
        };
        let kind = EventKind::MeterValues(MeterValues {
            connector_id: connector(),
            transaction_id: TransactionId::parse("1753439390").ok(),
            readings: vec![reading],
            begin_wh: None,
            end_wh: None,
        });
        let sample = |value: &str| json!({ "timestamp": "1753439400000", "sampledValue": { "value": value, "measurand": MEASURAND } });
        assert_eq!(
            payload(kind.clone()),
            json!({ "connectorId": 1, "transactionId": 1_753_439_390, "meterValues": [sample("1150"), sample("60.5")] })
        );
        let decoded = wire::decode(&RawRecord::json(&encode(&event(kind)))).unwrap();
        let EventKind::MeterValues(values) = decoded.kind else { panic!("{decoded:?}") };
        assert!(
            values.readings.iter().all(|reading| reading.energy_wh.is_some() && reading.power_w.is_none())
        );
    }

    #[test]
    fn a_stop_contains_the_time_of_the_end() {
        let kind = EventKind::TransactionStopped(TransactionStop {
            transaction_id: TransactionId::parse("1753439390").ok(),
            reason: Some("Remote".to_owned()),
            meter_stop_wh: Some(1_150_033.4),
            stopped_at: None,
        });
        assert_eq!(
            payload(kind),
            json!({ "transactionId": 1_753_439_390, "reason": "Remote", "meterStopWh": 1_150_033,
                    "stopTimestamp": "1753439400250" })
        );
    }

    #[test]
    fn starts_heartbeats_disconnections_and_answers_are_never_sent() {
        let start = TransactionStart {
            connector_id: connector(),
            transaction_id: None,
            id_tag: None,
            meter_start_wh: None,
            reservation_id: None,
        };
        let answer = CommandAnswer {
            command_id: None,
            command_name: None,
            status: "Accepted".to_owned(),
            reason: None,
        };
        for never in [
            EventKind::TransactionStarted(start.clone()),
            EventKind::TransactionUpdated(start),
            EventKind::Heartbeat,
            EventKind::Disconnected { reason: None },
            EventKind::CommandAnswered(answer),
            EventKind::Other { event_type: "firmware.status_changed".to_owned() },
        ] {
            assert!(!is_sent(&never), "{never:?}");
        }
        assert!(is_sent(&EventKind::Connected(BootReport::default())));
    }
}
