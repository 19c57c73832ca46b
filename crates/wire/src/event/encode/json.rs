//! Encodes events as JSON.

use super::Dialect;
use crate::event::meter::{Context, Measurand};
use crate::event::types::event_type;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::event::{EventKind, GatewayEvent, MeterValues, StatusReport, TransactionStart, TransactionStop};
use domain::ids::TransactionId;
use domain::measure::MeterReading;
use serde_json::{Map, Value, json};

/// The value of the Kafka record that a gateway of this `dialect` would send for `event`.
///
/// [`crate::decode`] returns the same event, except that [`Dialect::Deployed`] loses fractions of a
/// millisecond and the `transactionId` of a start.
#[must_use]
pub fn encode_event_json(event: &GatewayEvent, dialect: Dialect) -> Vec<u8> {
    let writer = Writer { dialect };
    let message = object([
        ("eventId", Some(event.event_id.as_str().into())),
        ("eventType", Some(event_type(&event.kind).into())),
        ("chargePointId", Some(event.charge_point_id.as_str().into())),
        ("gatewayId", event.gateway_id.as_ref().map(|id| id.as_str().into())),
        ("timestamp", event.claimed_at.map(|time| writer.time(time))),
        ("traceId", event.trace_id.as_deref().map(Value::from)),
        ("payload", Some(writer.payload(&event.kind))),
    ]);
    message.to_string().into_bytes()
}

struct Writer {
    dialect: Dialect,
}

impl Writer {
    fn is_deployed(&self) -> bool {
        self.dialect == Dialect::Deployed
    }

    fn payload(&self, kind: &EventKind) -> Value {
        match kind {
            EventKind::Connected(boot) => object([
                ("model", text(boot.model.as_ref())),
                ("vendor", text(boot.vendor.as_ref())),
                ("firmwareVersion", text(boot.firmware_version.as_ref())),
                ("serialNumber", text(boot.serial_number.as_ref())),
            ]),
            EventKind::Disconnected { reason } => object([("reason", text(reason.as_ref()))]),
            EventKind::Heartbeat | EventKind::Other { .. } => object([]),
            EventKind::StatusChanged(report) => self.status(report),
            EventKind::TransactionStarted(start) if self.is_deployed() => {
                self.start(&TransactionStart { transaction_id: None, ..start.clone() })
            }
            EventKind::TransactionStarted(start) | EventKind::TransactionUpdated(start) => self.start(start),
            EventKind::MeterValues(values) => self.meter_values(values),
            EventKind::TransactionStopped(stop) => self.stop(stop),
            EventKind::CommandAnswered(answer) => object([
                ("commandId", answer.command_id.map(|id| id.to_string().into())),
                ("commandName", text(answer.command_name.as_ref())),
                ("status", Some(answer.status.as_str().into())),
                ("details", answer.reason.as_ref().map(|reason| json!({ "reason": reason }))),
            ]),
        }
    }

    fn status(&self, report: &StatusReport) -> Value {
        let no_error = || self.is_deployed().then(|| Value::from("NoError"));
        object([
            ("connectorId", Some(report.connector_id.number().into())),
            ("status", Some(self.word(report.status.as_str()))),
            ("previousStatus", self.is_deployed().then(|| "Available".into())),
            ("errorCode", text(report.error_code.as_ref()).or_else(no_error)),
            ("info", text(report.info.as_ref())),
            ("vendorErrorCode", text(report.vendor_error_code.as_ref())),
        ])
    }

    fn start(&self, start: &TransactionStart) -> Value {
        object([
            ("connectorId", Some(start.connector_id.number().into())),
            ("transactionId", self.transaction_id(start.transaction_id.as_ref())),
            ("idTag", start.id_tag.as_ref().map(|tag| tag.as_str().into())),
            ("meterStartWh", start.meter_start_wh.map(Value::from)),
            ("reservationId", start.reservation_id.map(Value::from)),
        ])
    }

    fn stop(&self, stop: &TransactionStop) -> Value {
        object([
            ("transactionId", self.transaction_id(stop.transaction_id.as_ref())),
            ("reason", stop.reason.as_deref().map(|reason| self.word(reason))),
            ("meterStopWh", stop.meter_stop_wh.map(Value::from)),
            ("stopTimestamp", stop.stopped_at.map(|time| self.time(time))),
        ])
    }

    fn meter_values(&self, values: &MeterValues) -> Value {
        let meter_value = |reading: &MeterReading, sampled_value: Value| {
            object([
                ("timestamp", reading.taken_at.map(|time| self.time(time))),
                ("sampledValue", Some(sampled_value)),
            ])
        };
        let registers = [(Context::Begin, values.begin_wh), (Context::End, values.end_wh)];
        let registers = registers.into_iter().filter_map(|(context, wh)| Some((context, wh?)));
        let register = |(context, wh)| {
            let mut sample = self.sample((Measurand::Energy, wh));
            if let (Some(sample), Some(context)) = (sample.as_object_mut(), Context::name(context)) {
                sample.insert("context".to_owned(), context.into());
            }
            meter_value(&MeterReading::default(), Value::from(vec![sample]))
        };
        let mut meter_values: Vec<Value> = if self.is_deployed() {
            let each = |reading| sampled_values(reading).map(move |sample| (reading, self.sample(sample)));
            values
                .readings
                .iter()
                .flat_map(each)
                .map(|(reading, sample)| meter_value(reading, sample))
                .collect()
        } else {
            let all = |reading| sampled_values(reading).map(|sample| self.sample(sample)).collect();
            values.readings.iter().map(|reading| meter_value(reading, all(reading))).collect()
        };
        meter_values.extend(registers.map(register));
        object([
            ("connectorId", Some(values.connector_id.number().into())),
            ("transactionId", self.transaction_id(values.transaction_id.as_ref())),
            ("meterValues", Some(meter_values.into())),
        ])
    }

    fn sample(&self, (measurand, value): (Measurand, f64)) -> Value {
        let value = if self.is_deployed() { value.to_string().into() } else { Value::from(value) };
        json!({ "measurand": measurand.name(), "unit": measurand.unit(), "value": value })
    }

    fn time(&self, time: DateTime<Utc>) -> Value {
        match self.dialect {
            Dialect::Contract => time.to_rfc3339_opts(SecondsFormat::AutoSi, true).into(),
            Dialect::Deployed => time.timestamp_millis().to_string().into(),
        }
    }

    fn transaction_id(&self, id: Option<&TransactionId>) -> Option<Value> {
        match id {
            Some(id) => Some(id.as_integer().map_or_else(|| id.as_str().into(), Value::from)),
            None => self.is_deployed().then(|| 0.into()),
        }
    }

    fn word(&self, word: &str) -> Value {
        if self.is_deployed() { word.to_lowercase().into() } else { word.into() }
    }
}

/// The values of a reading, as the samples from which it would be read.
pub(super) fn sampled_values(reading: &MeterReading) -> impl Iterator<Item = (Measurand, f64)> + use<> {
    let values = [
        (Measurand::Energy, reading.energy_wh),
        (Measurand::Power, reading.power_w),
        (Measurand::Voltage, reading.voltage_v),
        (Measurand::Current, reading.current_a),
        (Measurand::StateOfCharge, reading.soc_percent),
        (Measurand::Temperature, reading.temperature_c),
    ];
    values.into_iter().filter_map(|(measurand, value)| Some((measurand, value?)))
}

/// An object of the present members.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}

fn text(text: Option<&String>) -> Option<Value> {
    text.map(|text| text.as_str().into())
}
