//! Logs of a device with more sessions than its ledger remembers.

use super::{Record, at, device};
use crate::event::{EventKind, GatewayEvent, MeterValues, TransactionStart, TransactionStop};
use crate::ids::{ConnectorId, EventId, GatewayId, TransactionId};
use crate::order::RecordPosition;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

/// The expected session.
#[derive(Debug, Clone, PartialEq)]
pub struct BusySession {
    /// The connector.
    pub connector: u16,
    /// The transaction id, which no other session has.
    pub id: String,
    /// When the session began.
    pub from: DateTime<Utc>,
    /// When the session ended: with its stop, or with the next session on the connector if the stop
    /// was lost.
    pub to: Option<DateTime<Utc>>,
    /// The register at the stop, in Wh.
    pub meter_wh: Option<f64>,
}

/// The sessions of a device and the events that report them, some of them twice, under another
/// event id.
#[derive(Debug, Clone)]
pub struct BusyLog {
    /// The sessions, in the order of their beginnings on each connector.
    pub sessions: Vec<BusySession>,
    /// The events.
    pub records: Vec<Record>,
}

/// How one session is reported: its length and the pause after it, in minutes, and the events that
/// are sent.
#[derive(Debug, Clone, Copy)]
struct Charge {
    connector: u16,
    minutes: i64,
    pause: i64,
    is_stop_sent: bool,
    readings: i64,
    copies: [bool; 2],
}

fn charge() -> impl Strategy<Value = Charge> {
    let length = prop_oneof![8 => 5..30_i64, 1 => 200..400_i64];
    let copies = proptest::array::uniform2(proptest::bool::weighted(0.3));
    (1..=2_u16, length, 5..20_i64, proptest::bool::weighted(0.8), 0..3_i64, copies).prop_map(
        |(connector, minutes, pause, is_stop_sent, readings, copies)| Charge {
            connector,
            minutes,
            pause,
            is_stop_sent,
            readings,
            copies,
        },
    )
}

/// A log of up to 30 sessions on two connectors, each with an id of its own and a start; stops are
/// lost, and starts and stops are sent again under another event id.
pub fn busy_log() -> impl Strategy<Value = BusyLog> {
    proptest::collection::vec(charge(), 1..30).prop_map(|charges| {
        let mut free_at = [0; 2];
        let mut log = BusyLog { sessions: Vec::new(), records: Vec::new() };
        for (charge, number) in charges.into_iter().zip(0..) {
            let free_at = &mut free_at[usize::from(charge.connector) - 1];
            log.add(charge, number, *free_at);
            *free_at += charge.minutes + charge.pause;
        }
        log
    })
}

fn minute(minutes: i64) -> DateTime<Utc> {
    at(minutes * 60_000)
}

impl BusyLog {
    fn add(&mut self, charge: Charge, number: i64, from: i64) {
        let began = minute(from);
        let before = self.sessions.iter_mut().rev().find(|held| held.connector == charge.connector);
        if let Some(before) = before {
            before.to = before.to.or(Some(began));
        }
        let id = (700 + number).to_string();
        let to = from + charge.minutes;
        let sent = charge.is_stop_sent;
        self.sessions.push(BusySession {
            connector: charge.connector,
            id: id.clone(),
            from: began,
            to: sent.then(|| minute(to)),
            meter_wh: sent.then_some(900.0),
        });
        let connector_id = ConnectorId::parse(charge.connector.into()).unwrap();
        let transaction_id = TransactionId::parse(&id).ok();
        let start = EventKind::TransactionStarted(TransactionStart {
            connector_id,
            transaction_id: transaction_id.clone(),
            id_tag: None,
            meter_start_wh: Some(100.0),
            reservation_id: None,
        });
        let reading = EventKind::MeterValues(MeterValues {
            connector_id,
            transaction_id: transaction_id.clone(),
            readings: Vec::new(),
            begin_wh: None,
            end_wh: None,
        });
        let stop = EventKind::TransactionStopped(TransactionStop {
            transaction_id,
            reason: Some("Local".to_owned()),
            meter_stop_wh: Some(900.0),
            stopped_at: None,
        });
        let starts = 1 + usize::from(charge.copies[0]);
        let stops = if sent { 1 + usize::from(charge.copies[1]) } else { 0 };
        std::iter::repeat_n(start, starts).for_each(|kind| self.report(from, kind));
        (1..=charge.readings).for_each(|minutes| self.report(from + minutes, reading.clone()));
        std::iter::repeat_n(stop, stops).for_each(|kind| self.report(to, kind));
    }

    fn report(&mut self, minutes: i64, kind: EventKind) {
        let offset = i64::try_from(self.records.len()).unwrap();
        let event = GatewayEvent {
            event_id: EventId::parse(&format!("event-{offset}")).unwrap(),
            charge_point_id: device(),
            gateway_id: GatewayId::parse("pod-0").ok(),
            claimed_at: Some(minute(minutes)),
            trace_id: None,
            kind,
        };
        let appended_at = minute(minutes) + TimeDelta::days(1);
        self.records.push((event, RecordPosition { partition: 0, offset, appended_at }));
    }
}
