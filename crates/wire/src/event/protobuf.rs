//! Events in protobuf.

use super::envelope::{self, Anonymous};
use super::meter::{self, Context, Measurand, Sample, Samples};
use super::types::EventType;
use crate::error::{DecodeError, FieldError};
use crate::proto::gateway_event::Payload;
use crate::proto::{self, ConnectorStatus as WireStatus};
use crate::record::RawRecord;
use crate::value::{connector_id, number, text, time, transaction_id, vocabulary};
use chrono::{DateTime, Utc};
use domain::event::{
    BootReport, CommandAnswer, EventKind, GatewayEvent, MeterValues, StatusReport, TransactionStart,
    TransactionStop,
};
use domain::ids::{CommandId, ConnectorId, IdTag, TransactionId};
use domain::status::ConnectorStatus;
use prost::Message;
use uuid::Uuid;

/// Decodes the binary form; an empty text means an absent field.
pub(super) fn decode(bytes: &[u8], record: &RawRecord<'_>) -> Result<GatewayEvent, DecodeError> {
    let event = proto::GatewayEvent::decode(bytes)
        .map_err(|error| DecodeError::NotProtobuf { message: error.to_string() })?;
    let payload = event.payload.ok_or(DecodeError::MissingEventType)?;
    let charge_point_id = envelope::charge_point_id(filled(&event.charge_point_id))?;
    let event_id = envelope::event_id(filled(&event.event_id))?;
    let gateway_id = envelope::gateway_id(filled(&event.gateway_id))?;
    let claimed_at = instant("timestamp", event.timestamp.as_ref())?;
    let trace_id = envelope::trace_id(filled(&event.trace_id), record);
    let kind = kind(payload)?;
    let event_id = match event_id {
        Some(event_id) => event_id,
        None => envelope::anonymous_id(Anonymous::of(&kind, claimed_at), bytes, record)?,
    };
    Ok(GatewayEvent { event_id, charge_point_id, gateway_id, claimed_at, trace_id, kind })
}

fn kind(payload: Payload) -> Result<EventKind, DecodeError> {
    let within = |error: FieldError| error.within("payload");
    Ok(match payload {
        Payload::ChargePointConnected(boot) => EventKind::Connected(boot_report(&boot)),
        Payload::ChargePointDisconnected(bye) => EventKind::Disconnected { reason: text::clean(&bye.reason) },
        Payload::ChargePointHeartbeat(_) => EventKind::Heartbeat,
        Payload::ConnectorStatusChanged(status) => {
            EventKind::StatusChanged(status_report(&status).map_err(within)?)
        }
        Payload::TransactionStarted(start) => {
            EventKind::TransactionStarted(transaction_start(&start).map_err(within)?)
        }
        Payload::TransactionUpdated(start) => {
            EventKind::TransactionUpdated(transaction_start(&start).map_err(within)?)
        }
        Payload::TransactionMeterValues(values) => {
            EventKind::MeterValues(meter_values(&values).map_err(within)?)
        }
        Payload::TransactionStopped(stop) => {
            EventKind::TransactionStopped(transaction_stop(&stop).map_err(within)?)
        }
        Payload::CommandResponse(answer) => {
            EventKind::CommandAnswered(command_answer(&answer).map_err(within)?)
        }
        Payload::Other(other) => EventKind::Other { event_type: other_type(&other)? },
    })
}

/// The type of an event without a message of its own. A type that has its own message is an error
/// of the sender, which would otherwise remain unnoticed.
fn other_type(other: &proto::OtherEvent) -> Result<String, DecodeError> {
    let event_type = envelope::event_type(filled(&other.event_type))?;
    if EventType::named(&event_type).is_some() {
        return Err(FieldError::new("eventType", "must not be a type with a message of its own").into());
    }
    Ok(event_type)
}

fn boot_report(boot: &proto::ChargePointConnected) -> BootReport {
    BootReport {
        model: text::clean(&boot.model),
        vendor: text::clean(&boot.vendor),
        firmware_version: text::clean(&boot.firmware_version),
        serial_number: text::clean(&boot.serial_number),
    }
}

fn status_report(report: &proto::ConnectorStatusChanged) -> Result<StatusReport, FieldError> {
    Ok(StatusReport {
        connector_id: connector(report.connector_id)?,
        status: status(report.status()).ok_or_else(|| FieldError::missing("status"))?,
        error_code: vocabulary::error_code(&report.error_code),
        info: text::clean(&report.info),
        vendor_error_code: text::clean(&report.vendor_error_code),
    })
}

const fn status(status: WireStatus) -> Option<ConnectorStatus> {
    Some(match status {
        WireStatus::Unspecified => return None,
        WireStatus::Available => ConnectorStatus::Available,
        WireStatus::Preparing => ConnectorStatus::Preparing,
        WireStatus::Charging => ConnectorStatus::Charging,
        WireStatus::SuspendedEvse => ConnectorStatus::SuspendedEVSE,
        WireStatus::SuspendedEv => ConnectorStatus::SuspendedEV,
        WireStatus::Finishing => ConnectorStatus::Finishing,
        WireStatus::Reserved => ConnectorStatus::Reserved,
        WireStatus::Unavailable => ConnectorStatus::Unavailable,
        WireStatus::Faulted => ConnectorStatus::Faulted,
    })
}

fn transaction_start(start: &proto::TransactionStarted) -> Result<TransactionStart, FieldError> {
    Ok(TransactionStart {
        connector_id: connector(start.connector_id)?,
        transaction_id: transaction(&start.transaction_id)?,
        id_tag: IdTag::clean(&start.id_tag),
        meter_start_wh: energy_wh("meterStartWh", start.meter_start_wh).ok().flatten(),
        reservation_id: start.reservation_id,
    })
}

fn transaction_stop(stop: &proto::TransactionStopped) -> Result<TransactionStop, FieldError> {
    Ok(TransactionStop {
        transaction_id: transaction(&stop.transaction_id)?,
        reason: vocabulary::stop_reason(&stop.reason),
        meter_stop_wh: energy_wh("meterStopWh", stop.meter_stop_wh).ok().flatten(),
        stopped_at: instant("stopTimestamp", stop.stop_timestamp.as_ref()).ok().flatten(),
    })
}

fn command_answer(answer: &proto::CommandResponse) -> Result<CommandAnswer, FieldError> {
    Ok(CommandAnswer {
        command_id: Uuid::parse_str(answer.command_id.trim()).ok().map(CommandId),
        command_name: text::clean(&answer.command_name),
        status: vocabulary::answer_status(&answer.status).ok_or_else(|| FieldError::missing("status"))?,
        reason: vocabulary::answer_reason(&answer.reason),
    })
}

fn meter_values(values: &proto::TransactionMeterValues) -> Result<MeterValues, FieldError> {
    let Samples { usable, .. } = samples(values);
    let connector_id = connector(values.connector_id)?;
    Ok(meter::meter_values(connector_id, transaction(&values.transaction_id)?, usable))
}

fn samples(values: &proto::TransactionMeterValues) -> Samples {
    let mut samples = Samples::default();
    for (index, meter_value) in values.meter_values.iter().enumerate() {
        let within = |error: FieldError| error.within(format_args!("meterValues[{index}]"));
        let taken_at = match instant("timestamp", meter_value.timestamp.as_ref()) {
            Ok(taken_at) => taken_at,
            Err(error) => {
                samples.add(None, Err(within(error)));
                continue;
            }
        };
        for (index, sampled) in meter_value.sampled_values.iter().enumerate() {
            let of_sample = |error: FieldError| within(error.within(format_args!("sampledValue[{index}]")));
            samples.add(taken_at, sample(sampled).map_err(of_sample));
        }
    }
    samples
}

/// The reasons why sampled values in the message are unusable.
pub(super) fn unusable_values(bytes: &[u8]) -> Vec<FieldError> {
    match proto::GatewayEvent::decode(bytes).ok().and_then(|event| event.payload) {
        Some(Payload::TransactionMeterValues(values)) => samples(&values).unusable,
        _ => Vec::new(),
    }
}

fn sample(sampled: &proto::SampledValue) -> Result<Option<Sample>, FieldError> {
    let Some(measurand) = Measurand::named(&sampled.measurand) else {
        return Ok(None);
    };
    let sample = Sample::new(measurand, sampled.value, &sampled.unit, &sampled.phase, &sampled.location)?;
    Ok(sample.map(|sample| sample.taken_in(Context::named(&sampled.context))))
}

/// Protobuf has no absent text; the empty one takes its place.
fn filled(text: &str) -> Option<&str> {
    (!text.trim().is_empty()).then_some(text)
}

fn connector(raw: Option<i32>) -> Result<ConnectorId, FieldError> {
    const NAME: &str = "connectorId";
    let raw = raw.ok_or_else(|| FieldError::missing(NAME))?;
    connector_id::parse(raw.into()).map_err(|error| FieldError::new(NAME, error))
}

fn transaction(raw: &str) -> Result<Option<TransactionId>, FieldError> {
    transaction_id::parse(raw).map_err(|error| FieldError::new("transactionId", error))
}

fn energy_wh(name: &str, raw: Option<f64>) -> Result<Option<f64>, FieldError> {
    raw.map(number::energy_wh).transpose().map_err(|error| FieldError::new(name, error))
}

fn instant(name: &str, raw: Option<&prost_types::Timestamp>) -> Result<Option<DateTime<Utc>>, FieldError> {
    let instant = raw.map(time::from_timestamp).transpose().map_err(|error| FieldError::new(name, error))?;
    Ok(instant.flatten())
}
