//! Decodes the payloads in JSON, one function per type of event.

use crate::error::FieldError;
use crate::event::meter::{self, Context, Measurand, Sample, Samples};
use crate::event::types::EventType;
use crate::json::Object;
use crate::value::{text, vocabulary};
use domain::event::{
    BootReport, CommandAnswer, EventKind, MeterValues, StatusReport, TransactionStart, TransactionStop,
};
use domain::ids::{CommandId, IdTag};
use uuid::Uuid;

/// Decodes the payload of an event of this type.
pub(super) fn decode(event_type: EventType, payload: &Object<'_>) -> Result<EventKind, FieldError> {
    Ok(match event_type {
        EventType::Connected => EventKind::Connected(boot_report(payload)),
        EventType::Disconnected => EventKind::Disconnected { reason: payload.free_text("reason") },
        EventType::Heartbeat => EventKind::Heartbeat,
        EventType::StatusChanged => EventKind::StatusChanged(status_report(payload)?),
        EventType::TransactionStarted => EventKind::TransactionStarted(transaction_start(payload)?),
        EventType::TransactionUpdated => EventKind::TransactionUpdated(transaction_start(payload)?),
        EventType::MeterValues => EventKind::MeterValues(meter_values(payload)?),
        EventType::TransactionStopped => EventKind::TransactionStopped(transaction_stop(payload)?),
        EventType::CommandAnswered => EventKind::CommandAnswered(command_answer(payload)?),
    })
}

fn boot_report(payload: &Object<'_>) -> BootReport {
    BootReport {
        model: payload.free_text(payload.either("model", "chargePointModel")),
        vendor: payload.free_text(payload.either("vendor", "chargePointVendor")),
        firmware_version: payload.free_text("firmwareVersion"),
        serial_number: payload.free_text(payload.either("serialNumber", "chargePointSerialNumber")),
    }
}

fn status_report(payload: &Object<'_>) -> Result<StatusReport, FieldError> {
    let status = payload.text("status")?.ok_or_else(|| FieldError::missing("status"))?;
    Ok(StatusReport {
        connector_id: payload.connector_id()?,
        status: vocabulary::status(&status).map_err(|error| FieldError::new("status", error))?,
        error_code: payload.free_text("errorCode").as_deref().and_then(vocabulary::error_code),
        info: payload.free_text("info"),
        vendor_error_code: payload.free_text("vendorErrorCode"),
    })
}

/// An invalid optional value counts as absent, so that the session is not lost.
fn transaction_start(payload: &Object<'_>) -> Result<TransactionStart, FieldError> {
    Ok(TransactionStart {
        connector_id: payload.connector_id()?,
        transaction_id: payload.transaction_id()?,
        id_tag: payload.unbounded_text("idTag").as_deref().and_then(IdTag::clean),
        meter_start_wh: payload.energy_wh(payload.either("meterStartWh", "meterStart")).ok().flatten(),
        reservation_id: payload.integer("reservationId").ok().flatten(),
    })
}

/// As for a start, an invalid optional value counts as absent.
fn transaction_stop(payload: &Object<'_>) -> Result<TransactionStop, FieldError> {
    Ok(TransactionStop {
        transaction_id: payload.transaction_id()?,
        reason: payload.free_text("reason").as_deref().and_then(vocabulary::stop_reason),
        meter_stop_wh: payload.energy_wh(payload.either("meterStopWh", "meterStop")).ok().flatten(),
        // OCPP's name of this field is also a name of the event's time, and may have any value if
        // that time is given elsewhere.
        stopped_at: ["stopTimestamp", "timestamp"]
            .into_iter()
            .find_map(|name| payload.time(name).ok().flatten()),
    })
}

fn command_answer(payload: &Object<'_>) -> Result<CommandAnswer, FieldError> {
    let command_id = payload.text("commandId")?.and_then(|id| Uuid::parse_str(id.trim()).ok());
    let status = payload.text("status")?.as_deref().and_then(vocabulary::answer_status);
    // An object with a reason; some gateways send the reason alone.
    let reason = match payload.object("details") {
        Ok(details) => details.and_then(|details| details.free_text("reason")),
        Err(_) => payload.free_text("details"),
    };
    Ok(CommandAnswer {
        command_id: command_id.map(CommandId),
        command_name: payload.free_text("commandName"),
        status: status.ok_or_else(|| FieldError::missing("status"))?,
        reason: reason.as_deref().and_then(vocabulary::answer_reason),
    })
}

fn meter_values(payload: &Object<'_>) -> Result<MeterValues, FieldError> {
    let Samples { usable, .. } = samples(payload);
    Ok(meter::meter_values(payload.connector_id()?, payload.transaction_id()?, usable))
}

/// The samples in a payload of meter values.
pub(super) fn samples(payload: &Object<'_>) -> Samples {
    let mut samples = Samples::default();
    let name = payload.either("meterValues", "meterValue");
    for (index, meter_value) in payload.objects(name).into_iter().enumerate() {
        let within = |error: FieldError| error.within(format_args!("{name}[{index}]"));
        match meter_value.map(|meter_value| (meter_value, meter_value.time("timestamp"))) {
            Ok((meter_value, Ok(taken_at))) => {
                for sample in samples_of(meter_value) {
                    samples.add(taken_at, sample.map_err(within));
                }
            }
            Ok((_, Err(error))) => samples.add(None, Err(within(error))),
            Err(error) => samples.add(None, Err(error)),
        }
    }
    samples
}

/// The sampled values of a meter value; a meter value with a value of its own is a sampled value
/// itself.
fn samples_of(meter_value: &Object<'_>) -> Vec<Result<Option<Sample>, FieldError>> {
    let mut sampled_values = meter_value.objects("sampledValue");
    if sampled_values.is_empty() && meter_value.get("value").is_some() {
        sampled_values.push(Ok(meter_value));
    }
    let read = |(index, sampled_value): (usize, Result<&Object<'_>, FieldError>)| {
        sample(sampled_value?).map_err(|error| error.within(format_args!("sampledValue[{index}]")))
    };
    sampled_values.into_iter().enumerate().map(read).collect()
}

/// One sampled value; `None` for measurands that the platform does not store, whose value may be
/// anything.
fn sample(sampled_value: &Object<'_>) -> Result<Option<Sample>, FieldError> {
    let word = |name| -> Result<String, FieldError> {
        Ok(sampled_value.text(name)?.map(|word| text::trimmed(&word).to_owned()).unwrap_or_default())
    };
    let Some(measurand) = Measurand::named(&word("measurand")?) else {
        return Ok(None);
    };
    if word("format")?.eq_ignore_ascii_case("SignedData") {
        return Ok(None); // a signature, not a number
    }
    let Some(value) = sampled_value.number("value")? else {
        return Ok(None);
    };
    let context = sampled_value.free_text("context").unwrap_or_default();
    let sample = Sample::new(measurand, value, &word("unit")?, &word("phase")?, &word("location")?)?;
    Ok(sample.map(|sample| sample.taken_in(Context::named(&context))))
}
