//! Logs of a device whose meters show what each charge took.

use super::{Record, at, delivery_of, device, reported};
use crate::event::{EventKind, GatewayEvent, MeterValues, TransactionStart, TransactionStop};
use crate::ids::{ConnectorId, EventId, GatewayId, TransactionId};
use crate::measure::MeterReading;
use crate::order::RecordPosition;
use crate::status::ConnectorStatus;
use proptest::prelude::*;

/// The maximum number of charges in one log. A connector remembers twelve statuses of one hour, and
/// three charges take less: none is forgotten, regardless of the order of arrival.
const MAX_CHARGES: usize = 3;

/// How the start of a charge is reported.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Start {
    Lost,
    WithoutId,
    WithId,
}

/// One charge as its gateway may report it.
#[derive(Debug, Clone)]
struct Charge {
    connector: u16,
    /// One of few ids of the connector, which are used again.
    id: u16,
    /// Its length, and the pause before it, in minutes: longer than two clocks may differ.
    minutes: i64,
    pause: i64,
    wh: u32,
    start: Start,
    is_stop_sent: bool,
    /// Whether start and stop have the register.
    has_register: [bool; 2],
    /// Readings, each with or without the id.
    readings: Vec<bool>,
    is_status_sent: bool,
}

fn charge() -> impl Strategy<Value = Charge> {
    let start = prop_oneof![1 => Just(Start::Lost), 1 => Just(Start::WithoutId), 3 => Just(Start::WithId)];
    (
        (1..=2_u16, 0..2_u16, 2..9_i64, 3..9_i64, 0..5_000_u32),
        (start, proptest::bool::weighted(0.7), proptest::array::uniform2(proptest::bool::weighted(0.8))),
        (proptest::collection::vec(proptest::bool::weighted(0.8), 0..3), proptest::bool::weighted(0.7)),
    )
        .prop_map(|((connector, id, minutes, pause, wh), (start, is_stop_sent, has_register), rest)| {
            let (readings, is_status_sent) = rest;
            Charge {
                connector,
                id,
                minutes,
                pause,
                wh,
                start,
                is_stop_sent,
                has_register,
                readings,
                is_status_sent,
            }
        })
}

/// The time and the register of a connector's meter.
#[derive(Debug, Clone, Copy)]
struct Meter {
    minute: i64,
    register_wh: u32,
}

impl Charge {
    /// The events with their minutes; moves `meter` to the end of the charge.
    fn events(&self, meter: &mut Meter) -> Vec<(i64, EventKind)> {
        let connector_id = ConnectorId::parse(self.connector.into()).unwrap();
        let transaction_id = TransactionId::parse(&(self.connector * 100 + self.id).to_string()).ok();
        let (from, start_wh) = (meter.minute + self.pause, meter.register_wh);
        let (to, stop_wh) = (from + self.minutes, start_wh + self.wh);
        *meter = Meter { minute: to, register_wh: stop_wh };
        let mut events = Vec::new();
        let mut status = |minute, status| {
            events.extend(self.is_status_sent.then(|| (minute, reported(connector_id, status))));
        };
        status(from - 1, ConnectorStatus::Preparing);
        status(from, ConnectorStatus::Charging);
        status(to, ConnectorStatus::Finishing);
        status(to + 1, ConnectorStatus::Available);
        if self.start != Start::Lost {
            let start = TransactionStart {
                connector_id,
                transaction_id: transaction_id.clone().filter(|_| self.start == Start::WithId),
                id_tag: None,
                meter_start_wh: self.has_register[0].then_some(f64::from(start_wh)),
                reservation_id: None,
            };
            events.push((from, EventKind::TransactionStarted(start)));
        }
        let parts = u32::try_from(self.readings.len()).unwrap() + 1;
        for (part, is_named) in (1..).zip(&self.readings) {
            let energy_wh = Some(f64::from(start_wh + self.wh * part / parts));
            let values = MeterValues {
                connector_id,
                transaction_id: transaction_id.clone().filter(|_| *is_named),
                readings: vec![MeterReading { energy_wh, ..MeterReading::default() }],
                begin_wh: None,
                end_wh: None,
            };
            events.push((
                from + self.minutes * i64::from(part) / i64::from(parts),
                EventKind::MeterValues(values),
            ));
        }
        if self.is_stop_sent {
            let stop = TransactionStop {
                transaction_id,
                reason: Some("Local".to_owned()),
                meter_stop_wh: self.has_register[1].then_some(f64::from(stop_wh)),
                stopped_at: None,
            };
            events.push((to, EventKind::TransactionStopped(stop)));
        }
        events.sort_by_key(|(minute, _)| *minute);
        events
    }
}

/// A log in event order of a device whose energy registers only grow, by what its charges take:
/// starts, stops and readings are lost or leave out their id or register, and the ids of a connector
/// are used again. Of a device with two connectors every event has an id: without it, nothing shows
/// to which of two charges a stop belongs.
pub fn metered_log() -> impl Strategy<Value = Vec<Record>> {
    (proptest::collection::vec(charge(), 1..=MAX_CHARGES), proptest::bool::ANY).prop_map(
        |(charges, is_single)| {
            let mut meters = [Meter { minute: 0, register_wh: 1_000 }; 2];
            let mut events = Vec::new();
            for mut charge in charges {
                if is_single {
                    charge.connector = 1;
                } else if charge.start != Start::Lost {
                    charge.start = Start::WithId;
                }
                events.extend(charge.events(&mut meters[usize::from(charge.connector) - 1]));
            }
            if events.is_empty() {
                events.push((0, EventKind::Heartbeat));
            }
            events.sort_by_key(|(minute, _)| *minute);
            (0..).zip(events).map(|(offset, (minute, kind))| record(offset, minute, kind)).collect()
        },
    )
}

fn record(offset: i64, minute: i64, kind: EventKind) -> Record {
    let instant = at(minute * 60_000);
    let event = GatewayEvent {
        event_id: EventId::parse(&format!("event-{offset}")).unwrap(),
        charge_point_id: device(),
        gateway_id: GatewayId::parse("pod-0").ok(),
        claimed_at: Some(instant),
        trace_id: None,
        kind,
    };
    (event, RecordPosition { partition: 0, offset, appended_at: instant })
}

/// Such a log, and the same events delivered in any order, some of them again.
pub fn delivered_metered() -> impl Strategy<Value = (Vec<Record>, Vec<Record>)> {
    delivery_of(metered_log())
}
