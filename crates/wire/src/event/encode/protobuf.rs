//! Encodes events as protobuf.

use super::json::sampled_values;
use crate::event::meter::{Context, Measurand};
use crate::proto::gateway_event::Payload;
use crate::proto::{self, ConnectorStatus as WireStatus};
use crate::value::time;
use domain::event::{
    CommandAnswer, EventKind, GatewayEvent, MeterValues, StatusReport, TransactionStart, TransactionStop,
};
use domain::ids::TransactionId;
use domain::measure::MeterReading;
use domain::status::ConnectorStatus;
use prost::Message;

/// The value of the Kafka record that a gateway would send for `event` in the binary form.
#[must_use]
pub fn encode_event_protobuf(event: &GatewayEvent) -> Vec<u8> {
    let message = proto::GatewayEvent {
        event_id: event.event_id.to_string(),
        charge_point_id: event.charge_point_id.to_string(),
        gateway_id: event.gateway_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        timestamp: event.claimed_at.map(time::to_timestamp),
        trace_id: event.trace_id.clone().unwrap_or_default(),
        payload: Some(payload(&event.kind)),
    };
    message.encode_to_vec()
}

fn payload(kind: &EventKind) -> Payload {
    match kind {
        EventKind::Connected(boot) => Payload::ChargePointConnected(proto::ChargePointConnected {
            model: text(boot.model.as_ref()),
            vendor: text(boot.vendor.as_ref()),
            firmware_version: text(boot.firmware_version.as_ref()),
            serial_number: text(boot.serial_number.as_ref()),
        }),
        EventKind::Disconnected { reason } => {
            Payload::ChargePointDisconnected(proto::ChargePointDisconnected { reason: text(reason.as_ref()) })
        }
        EventKind::Heartbeat => Payload::ChargePointHeartbeat(proto::ChargePointHeartbeat {}),
        EventKind::StatusChanged(report) => Payload::ConnectorStatusChanged(status_changed(report)),
        EventKind::TransactionStarted(begun) => Payload::TransactionStarted(start(begun)),
        EventKind::TransactionUpdated(updated) => Payload::TransactionUpdated(start(updated)),
        EventKind::MeterValues(values) => Payload::TransactionMeterValues(meter_values(values)),
        EventKind::TransactionStopped(ended) => Payload::TransactionStopped(stop(ended)),
        EventKind::CommandAnswered(answer) => Payload::CommandResponse(command_response(answer)),
        EventKind::Other { event_type } => {
            Payload::Other(proto::OtherEvent { event_type: event_type.clone() })
        }
    }
}

fn status_changed(report: &StatusReport) -> proto::ConnectorStatusChanged {
    proto::ConnectorStatusChanged {
        connector_id: Some(report.connector_id.number().into()),
        status: status(report.status).into(),
        error_code: text(report.error_code.as_ref()),
        info: text(report.info.as_ref()),
        vendor_error_code: text(report.vendor_error_code.as_ref()),
    }
}

const fn status(status: ConnectorStatus) -> WireStatus {
    match status {
        ConnectorStatus::Available => WireStatus::Available,
        ConnectorStatus::Preparing => WireStatus::Preparing,
        ConnectorStatus::Charging => WireStatus::Charging,
        ConnectorStatus::SuspendedEVSE => WireStatus::SuspendedEvse,
        ConnectorStatus::SuspendedEV => WireStatus::SuspendedEv,
        ConnectorStatus::Finishing => WireStatus::Finishing,
        ConnectorStatus::Reserved => WireStatus::Reserved,
        ConnectorStatus::Unavailable => WireStatus::Unavailable,
        ConnectorStatus::Faulted => WireStatus::Faulted,
    }
}

fn start(start: &TransactionStart) -> proto::TransactionStarted {
    proto::TransactionStarted {
        connector_id: Some(start.connector_id.number().into()),
        transaction_id: transaction_id(start.transaction_id.as_ref()),
        id_tag: start.id_tag.as_ref().map(ToString::to_string).unwrap_or_default(),
        meter_start_wh: start.meter_start_wh,
        reservation_id: start.reservation_id,
    }
}

fn stop(stop: &TransactionStop) -> proto::TransactionStopped {
    proto::TransactionStopped {
        transaction_id: transaction_id(stop.transaction_id.as_ref()),
        reason: text(stop.reason.as_ref()),
        meter_stop_wh: stop.meter_stop_wh,
        stop_timestamp: stop.stopped_at.map(time::to_timestamp),
    }
}

fn meter_values(values: &MeterValues) -> proto::TransactionMeterValues {
    proto::TransactionMeterValues {
        connector_id: Some(values.connector_id.number().into()),
        transaction_id: transaction_id(values.transaction_id.as_ref()),
        meter_values: values.readings.iter().map(meter_value).chain(registers(values)).collect(),
    }
}

/// The registers at the beginning and the end of the transaction, each in a meter value of its own.
fn registers(values: &MeterValues) -> impl Iterator<Item = proto::MeterValue> + use<> {
    let registers = [(Context::Begin, values.begin_wh), (Context::End, values.end_wh)];
    registers.into_iter().filter_map(|(context, wh)| {
        let sampled_value = proto::SampledValue {
            value: wh?,
            measurand: Measurand::Energy.name().to_owned(),
            unit: Measurand::Energy.unit().to_owned(),
            context: context.name().unwrap_or_default().to_owned(),
            ..proto::SampledValue::default()
        };
        Some(proto::MeterValue { timestamp: None, sampled_values: vec![sampled_value] })
    })
}

fn meter_value(reading: &MeterReading) -> proto::MeterValue {
    let sampled_value = |(measurand, value): (Measurand, f64)| proto::SampledValue {
        value,
        measurand: measurand.name().to_owned(),
        unit: measurand.unit().to_owned(),
        ..proto::SampledValue::default()
    };
    proto::MeterValue {
        timestamp: reading.taken_at.map(time::to_timestamp),
        sampled_values: sampled_values(reading).map(sampled_value).collect(),
    }
}

fn command_response(answer: &CommandAnswer) -> proto::CommandResponse {
    proto::CommandResponse {
        command_id: answer.command_id.map(|id| id.to_string()).unwrap_or_default(),
        command_name: text(answer.command_name.as_ref()),
        status: answer.status.clone(),
        reason: text(answer.reason.as_ref()),
    }
}

fn transaction_id(id: Option<&TransactionId>) -> String {
    id.map(ToString::to_string).unwrap_or_default()
}

fn text(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}
