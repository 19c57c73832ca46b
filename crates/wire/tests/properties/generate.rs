//! Arbitrary valid events and commands of the domain.

use chrono::{DateTime, Utc};
use domain::commands::{
    Availability, Command, CommandKind, ConfigurationKey, ConfigurationValue, ResetKind, TriggeredMessage,
};
use domain::event::{
    BootReport, CommandAnswer, EventKind, GatewayEvent, MeterValues, StatusReport, TransactionStart,
    TransactionStop,
};
use domain::ids::{ChargePointId, CommandId, ConnectorId, EventId, GatewayId, IdTag, TransactionId};
use domain::measure::MeterReading;
use domain::status::ConnectorStatus;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

pub fn event() -> impl Strategy<Value = GatewayEvent> {
    let envelope =
        (event_id(), charge_point_id(), option::of(gateway_id()), option::of(time()), option::of(text()));
    (envelope, event_kind()).prop_map(
        |((event_id, charge_point_id, gateway_id, claimed_at, trace_id), kind)| GatewayEvent {
            event_id,
            charge_point_id,
            gateway_id,
            claimed_at,
            trace_id,
            kind,
        },
    )
}

pub fn command() -> impl Strategy<Value = Command> {
    let ids = (uuid(), charge_point_id(), gateway_id());
    (ids, command_kind(), time_ms(), time_ms(), option::of(text())).prop_map(
        |((id, charge_point_id, gateway_id), kind, issued_at, expires_at, trace_id)| Command {
            id: CommandId(id),
            charge_point_id,
            gateway_id,
            kind,
            issued_at,
            expires_at,
            trace_id,
        },
    )
}

fn event_kind() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        boot_report().prop_map(EventKind::Connected),
        option::of(text()).prop_map(|reason| EventKind::Disconnected { reason }),
        Just(EventKind::Heartbeat),
        status_report().prop_map(EventKind::StatusChanged),
        transaction_start().prop_map(EventKind::TransactionStarted),
        transaction_start().prop_map(EventKind::TransactionUpdated),
        meter_values().prop_map(EventKind::MeterValues),
        transaction_stop().prop_map(EventKind::TransactionStopped),
        command_answer().prop_map(EventKind::CommandAnswered),
        "x[a-z._]{0,30}".prop_map(|event_type| EventKind::Other { event_type }),
    ]
}

fn boot_report() -> impl Strategy<Value = BootReport> {
    let texts = (option::of(text()), option::of(text()), option::of(text()), option::of(text()));
    texts.prop_map(|(model, vendor, firmware_version, serial_number)| BootReport {
        model,
        vendor,
        firmware_version,
        serial_number,
    })
}

fn status_report() -> impl Strategy<Value = StatusReport> {
    let error_code = option::of(select(vec!["GroundFailure", "EVCommunicationError", "E-17"]));
    let status = select(ConnectorStatus::ALL.to_vec());
    (connector_id(), status, error_code, option::of(text()), option::of(text())).prop_map(
        |(connector_id, status, error_code, info, vendor_error_code)| StatusReport {
            connector_id,
            status,
            error_code: error_code.map(str::to_owned),
            info,
            vendor_error_code,
        },
    )
}

fn transaction_start() -> impl Strategy<Value = TransactionStart> {
    let id_tag = option::of("[!-~桩]{1,255}".prop_map(|raw| IdTag::parse(&raw).unwrap()));
    (connector_id(), option::of(transaction_id()), id_tag, option::of(amount(0)), option::of(any::<i64>()))
        .prop_map(|(connector_id, transaction_id, id_tag, meter_start_wh, reservation_id)| TransactionStart {
            connector_id,
            transaction_id,
            id_tag,
            meter_start_wh,
            reservation_id,
        })
}

fn transaction_stop() -> impl Strategy<Value = TransactionStop> {
    let reason = option::of(select(vec!["Remote", "EVDisconnected", "PowerLoss", "DeAuthorized"]));
    (option::of(transaction_id()), reason, option::of(amount(0)), option::of(time())).prop_map(
        |(transaction_id, reason, meter_stop_wh, stopped_at)| TransactionStop {
            transaction_id,
            reason: reason.map(str::to_owned),
            meter_stop_wh,
            stopped_at,
        },
    )
}

fn command_answer() -> impl Strategy<Value = CommandAnswer> {
    let status = select(vec!["Accepted", "Rejected", "NotSupported", "RebootRequired"]);
    let reason =
        option::of(select(vec!["DEVICE_OFFLINE", "INVALID_COMMAND_PAYLOAD", "DEVICE_REJECTED", "busy"]));
    (option::of(uuid()), option::of(text()), status, reason).prop_map(|(id, command_name, status, reason)| {
        CommandAnswer {
            command_id: id.map(CommandId),
            command_name,
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
        }
    })
}

/// Instants increase, because readings are returned in order and those of one instant as one.
fn meter_values() -> impl Strategy<Value = MeterValues> {
    let readings = (time_ms(), vec(reading(), 0..4)).prop_map(|(first, mut readings)| {
        for (later, reading) in (0..).zip(&mut readings) {
            reading.taken_at = Some(first + chrono::TimeDelta::seconds(later));
        }
        readings
    });
    let transaction = (option::of(transaction_id()), option::of(amount(0)), option::of(amount(0)));
    (connector_id(), transaction, readings).prop_map(
        |(connector_id, (transaction_id, begin_wh, end_wh), readings)| MeterValues {
            connector_id,
            transaction_id,
            readings,
            begin_wh,
            end_wh,
        },
    )
}

/// At least one value, because an instant without values has no reading.
fn reading() -> impl Strategy<Value = MeterReading> {
    let some = || option::of(amount(-1_000));
    let soc = option::of((0..=1_000_u16).prop_map(|tenths| f64::from(tenths) / 10.0));
    (amount(0), some(), some(), some(), soc, some()).prop_map(
        |(energy, power_w, voltage_v, current_a, soc_percent, temperature_c)| MeterReading {
            taken_at: None,
            energy_wh: Some(energy),
            power_w,
            voltage_v,
            current_a,
            soc_percent,
            temperature_c,
        },
    )
}

fn command_kind() -> impl Strategy<Value = CommandKind> {
    let id_tag = "[A-Za-z0-9]{1,20}".prop_map(|raw| IdTag::parse(&raw).unwrap());
    prop_oneof![
        (id_tag, option::of(connector_id()))
            .prop_map(|(id_tag, connector_id)| CommandKind::StartTransaction { id_tag, connector_id }),
        transaction_id().prop_map(|transaction_id| CommandKind::StopTransaction { transaction_id }),
        select(vec![ResetKind::Soft, ResetKind::Hard]).prop_map(|kind| CommandKind::Reset { kind }),
        connector_id().prop_map(|connector_id| CommandKind::UnlockConnector { connector_id }),
        (connector_id(), select(vec![Availability::Operative, Availability::Inoperative])).prop_map(
            |(connector_id, availability)| CommandKind::ChangeAvailability { connector_id, availability }
        ),
        (triggered_message(), option::of(connector_id())).prop_map(|(requested, connector_id)| {
            CommandKind::TriggerMessage { requested, connector_id }
        }),
        ("[!-~桩]([ -~桩]{0,48}[!-~桩])?", "[ -~桩🚗]{0,500}").prop_map(|(key, value)| {
            CommandKind::ChangeConfiguration {
                key: ConfigurationKey::parse(&key).unwrap(),
                value: ConfigurationValue::parse(&value).unwrap(),
            }
        }),
    ]
}

fn triggered_message() -> impl Strategy<Value = TriggeredMessage> {
    select(vec![
        TriggeredMessage::BootNotification,
        TriggeredMessage::DiagnosticsStatusNotification,
        TriggeredMessage::FirmwareStatusNotification,
        TriggeredMessage::Heartbeat,
        TriggeredMessage::MeterValues,
        TriggeredMessage::StatusNotification,
    ])
}

fn event_id() -> impl Strategy<Value = EventId> {
    r"[!-~桩🚗]{1,60}".prop_map(|raw| EventId::parse(&raw).unwrap())
}

pub fn charge_point_id() -> impl Strategy<Value = ChargePointId> {
    r"[A-Za-z0-9._:@*+=|-]{1,64}".prop_map(|raw| ChargePointId::parse(&raw).unwrap())
}

pub fn gateway_id() -> impl Strategy<Value = GatewayId> {
    "[a-z0-9-]{1,60}".prop_map(|raw| GatewayId::parse(&raw).unwrap())
}

pub fn connector_id() -> impl Strategy<Value = ConnectorId> {
    (0..=i64::from(ConnectorId::MAX)).prop_map(|raw| ConnectorId::parse(raw).unwrap())
}

pub fn transaction_id() -> impl Strategy<Value = TransactionId> {
    let raw = prop_oneof![
        (1..i64::MAX).prop_map(|id| id.to_string()),
        (i64::MIN..-1).prop_map(|id| id.to_string()),
        "TXN[0-9]{1,9}",
        "0[1-9]{1,3}"
    ];
    raw.prop_map(|raw| TransactionId::parse(&raw).unwrap())
}

pub fn uuid() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

pub fn text() -> impl Strategy<Value = String> {
    "[!-~桩🚗]([ -~桩🚗]{0,30}[!-~桩🚗])?"
}

/// At most three decimal places, as meters have.
pub fn amount(least: i32) -> impl Strategy<Value = f64> {
    (least..=i32::MAX).prop_map(|thousandths| f64::from(thousandths) / 1_000.0)
}

/// To the microsecond, between 1950 and 2280.
pub fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (-631_152_000_000_000..9_783_072_000_000_000_i64)
        .prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap())
}

/// To the millisecond.
fn time_ms() -> impl Strategy<Value = DateTime<Utc>> {
    time().prop_map(|time| DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap())
}
