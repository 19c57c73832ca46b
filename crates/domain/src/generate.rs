//! Generated logs of a charge point, for property tests here and downstream (feature `generate`).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "part of tests only, which fail by panicking"
)]

mod busy;
mod commands;
mod evidence;
mod metered;
mod store;

pub use busy::{BusyLog, BusySession, busy_log};
pub use commands::pending_commands;
pub use evidence::{delivered_evidence, evidence_log};
pub use metered::{delivered_metered, metered_log};
pub use store::Store;

use crate::event::{
    BootReport, EventKind, GatewayEvent, MeterValues, StatusReport, TransactionStart, TransactionStop,
};
use crate::ids::{ChargePointId, ConnectorId, EventId, GatewayId, IdTag, TransactionId};
use crate::measure::MeterReading;
use crate::order::{RecordPosition, plausible_time};
use crate::status::ConnectorStatus;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

/// The device of generated logs.
#[must_use]
pub fn device() -> ChargePointId {
    ChargePointId::parse("CP-1").unwrap()
}

/// The instant `millis` after the beginning of generated logs.
#[must_use]
pub fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_790_000_000_000 + millis).unwrap()
}

/// An event and the position of its record.
pub type Record = (GatewayEvent, RecordPosition);

/// Any content of an event, without its time and id: few connectors and few transactions, so that
/// they coincide.
pub fn kinds() -> impl Strategy<Value = EventKind> {
    let connector = (1..=2_i64).prop_map(|id| ConnectorId::parse(id).unwrap());
    let transaction =
        proptest::option::of((1..=4_u8).prop_map(|id| TransactionId::parse(&id.to_string()).unwrap()));
    // Of two starts with one id, another meter or driver means another charge.
    let variants = (proptest::option::weighted(0.9, 0..2_u8), proptest::option::weighted(0.9, 0..2_u8));
    let start = (connector.clone(), transaction.clone(), variants).prop_map(
        |(connector_id, transaction_id, (driver, meter))| TransactionStart {
            connector_id,
            transaction_id,
            id_tag: driver.and_then(|driver| IdTag::parse(&format!("TAG-{driver}")).ok()),
            meter_start_wh: meter.map(|meter| 100.0 + f64::from(meter)),
            reservation_id: None,
        },
    );
    prop_oneof![
        Just(EventKind::Heartbeat),
        "[ab]".prop_map(|v| EventKind::Connected(BootReport {
            firmware_version: Some(v),
            ..BootReport::default()
        })),
        Just(EventKind::Disconnected { reason: None }),
        (connector.clone(), 0..9_usize)
            .prop_map(|(connector_id, status)| reported(connector_id, ConnectorStatus::ALL[status])),
        (connector.clone(), proptest::bool::ANY).prop_map(|(connector_id, charges)| {
            let status = if charges { ConnectorStatus::Charging } else { ConnectorStatus::Preparing };
            reported(connector_id, status)
        }),
        start.clone().prop_map(EventKind::TransactionStarted),
        start.prop_map(EventKind::TransactionUpdated),
        (connector, transaction.clone(), 0..1000_u32, own_times()).prop_map(
            |(connector_id, transaction_id, wh, taken_at)| {
                let reading = MeterReading {
                    taken_at,
                    energy_wh: Some(f64::from(wh)),
                    power_w: Some(7_000.0),
                    ..MeterReading::default()
                };
                EventKind::MeterValues(MeterValues {
                    connector_id,
                    transaction_id,
                    readings: vec![reading],
                    begin_wh: None,
                    end_wh: None,
                })
            }
        ),
        (transaction, proptest::option::weighted(0.8, 0..2_u8), own_times()).prop_map(
            |(transaction_id, meter, stopped_at)| {
                EventKind::TransactionStopped(TransactionStop {
                    transaction_id,
                    reason: None,
                    meter_stop_wh: meter.map(|meter| 900.0 + f64::from(meter)),
                    stopped_at,
                })
            }
        ),
    ]
}

fn reported(connector_id: ConnectorId, status: ConnectorStatus) -> EventKind {
    EventKind::StatusChanged(StatusReport {
        connector_id,
        status,
        error_code: None,
        info: None,
        vendor_error_code: None,
    })
}

/// A time of its own that a reading or a stop has in addition to that of its event: usually none,
/// or an instant of the log, or one before the log, or that of a device that has lost its clock.
fn own_times() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    prop_oneof![
        6 => Just(None),
        2 => (0..60_i64).prop_map(|millis| Some(at(millis))),
        1 => (0..60_i64).prop_map(|seconds| Some(at(seconds * 10_000))),
        1 => Just(Some(at(-3_600_000))),
        1 => Just(Some(DateTime::UNIX_EPOCH)),
    ]
}

/// How far the clock of an event's claimed time is off, in milliseconds: usually not at all, or set
/// back, or ahead, or so far behind that the event looks like one that waited, or implausible.
/// `None`: the event claims no time.
fn skews() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        12 => Just(Some(0)),
        1 => Just(Some(-20_000)),
        1 => Just(Some(30_000)),
        1 => Just(Some(-600_000)),
        1 => Just(Some(2_400_000)),
        1 => Just(None),
    ]
}

/// A log in the order in which its events happened. Gaps between events are often empty, some
/// milliseconds, or so long that a later message cannot belong to the same charge. There are two
/// gateways, each record has a latency of its own, and some events have a wrong clock.
pub fn clean_log() -> impl Strategy<Value = Vec<Record>> {
    let step = (kinds(), 0..3_i64, 0..2_u8, 0..4_i64, 0..2_i32, skews());
    let unit = prop_oneof![Just(1), Just(45_000)];
    (proptest::collection::vec(step, 1..20), unit).prop_map(|(steps, unit)| {
        let mut now = 0;
        steps
            .into_iter()
            .zip(0..)
            .map(|((kind, gap, pod, latency, partition, skew), offset)| {
                now += gap * unit;
                let event = GatewayEvent {
                    event_id: EventId::parse(&format!("event-{offset}")).unwrap(),
                    charge_point_id: device(),
                    gateway_id: GatewayId::parse(&format!("pod-{pod}")).ok(),
                    claimed_at: skew.map(|skew| at(now + skew)),
                    trace_id: None,
                    kind,
                };
                (event, RecordPosition { partition, offset, appended_at: at(now + latency) })
            })
            .collect()
    })
}

/// The log with some events sent again later, in any order. A copy in another partition that was
/// appended in the very same millisecond could not be distinguished from the first. Events without
/// a plausible clock are delivered again with the very same record, because nothing shows which of
/// two copies was the first.
pub fn delivered() -> impl Strategy<Value = (Vec<Record>, Vec<Record>)> {
    delivery_of(clean_log())
}

/// The same for any kind of log.
fn delivery_of(
    logs: impl Strategy<Value = Vec<Record>>,
) -> impl Strategy<Value = (Vec<Record>, Vec<Record>)> {
    logs.prop_flat_map(|clean| {
        let copies = proptest::collection::vec((0..clean.len(), 1..50_i64, 0..2_i32), 0..10);
        (Just(clean), copies).prop_flat_map(|(clean, copies)| {
            let again = copies.into_iter().zip(1_000..).map(|((index, delay, partition), offset)| {
                let (event, first) = &clean[index];
                if plausible_time(event.claimed_at, first.appended_at).is_none() {
                    return clean[index].clone();
                }
                let appended_at = first.appended_at + TimeDelta::milliseconds(delay);
                (event.clone(), RecordPosition { partition, offset, appended_at })
            });
            let all: Vec<_> = clean.iter().cloned().chain(again).collect();
            (Just(clean), Just(all).prop_shuffle())
        })
    })
}
