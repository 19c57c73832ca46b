//! Logs of a gateway that sends no starts: only statuses, readings and stops show the sessions.

use super::{Record, at, delivery_of, device, reported};
use crate::event::{EventKind, GatewayEvent, MeterValues, TransactionStop};
use crate::ids::{ConnectorId, EventId, GatewayId, TransactionId};
use crate::measure::MeterReading;
use crate::order::RecordPosition;
use crate::status::ConnectorStatus;
use proptest::prelude::*;

/// The maximum number of charges in one log. A connector remembers twelve statuses and a charge
/// reports at most four: none is forgotten, regardless of the order of arrival.
const MAX_CHARGES: usize = 3;

/// One charge as its gateway may report it: each event may be lost.
#[derive(Debug, Clone)]
struct Charge {
    connector: ConnectorId,
    /// Few ids, so that ids are reused, also on the other connector.
    transaction: TransactionId,
    /// Milliseconds after the beginning of the log.
    from: i64,
    /// Milliseconds between two events; 0: all in one instant.
    step: i64,
    /// Which of Preparing, Charging, Finishing and Available are reported.
    statuses: [bool; 4],
    readings: i64,
    is_stop_sent: bool,
}

impl Charge {
    /// The events with their instants, in the order in which the device reports them.
    fn events(&self) -> Vec<(i64, EventKind)> {
        let [prepares, charges, finishes, is_freed] = self.statuses;
        let status = |is_sent: bool, status| is_sent.then(|| reported(self.connector, status));
        let mut kinds =
            vec![status(prepares, ConnectorStatus::Preparing), status(charges, ConnectorStatus::Charging)];
        kinds.extend((0..self.readings).map(|number| Some(self.reading(number))));
        kinds.push(self.is_stop_sent.then(|| self.stop()));
        kinds.push(status(finishes, ConnectorStatus::Finishing));
        kinds.push(status(is_freed, ConnectorStatus::Available));
        let instants = (0..).map(|number| self.from + number * self.step);
        instants.zip(kinds).filter_map(|(instant, kind)| Some((instant, kind?))).collect()
    }

    /// A reading in the form of the deployed gateway: power and energy are two energies of one
    /// instant.
    fn reading(&self, number: i64) -> EventKind {
        let energy = |energy_wh| MeterReading { energy_wh: Some(energy_wh), ..MeterReading::default() };
        let register = f64::from(i32::try_from(1_000 + 10 * self.from + number).unwrap());
        EventKind::MeterValues(MeterValues {
            connector_id: self.connector,
            transaction_id: Some(self.transaction.clone()),
            readings: vec![energy(register), energy(60.0)],
            begin_wh: (number == 0).then_some(register - 1.0),
            end_wh: (number == 1).then_some(register + 1.0),
        })
    }

    fn stop(&self) -> EventKind {
        EventKind::TransactionStopped(TransactionStop {
            transaction_id: Some(self.transaction.clone()),
            reason: Some("Remote".to_owned()),
            meter_stop_wh: Some(9_000.0),
            stopped_at: None,
        })
    }
}

fn charge() -> impl Strategy<Value = Charge> {
    let connector = (1..=2_i64).prop_map(|id| ConnectorId::parse(id).unwrap());
    let transaction = (700..=702_u16).prop_map(|id| TransactionId::parse(&id.to_string()).unwrap());
    let statuses = proptest::array::uniform4(proptest::bool::weighted(0.8));
    (connector, transaction, 0..30_i64, 0..3_i64, statuses, 0..3_i64, proptest::bool::weighted(0.7)).prop_map(
        |(connector, transaction, from, step, statuses, readings, is_stop_sent)| Charge {
            connector,
            transaction,
            from,
            step,
            statuses,
            readings,
            is_stop_sent,
        },
    )
}

/// A log in event order of a device with two connectors whose gateway sends no starts: charges
/// overlap, ids are reused, and statuses, readings and stops are lost.
pub fn evidence_log() -> impl Strategy<Value = Vec<Record>> {
    let charges = proptest::collection::vec(charge(), 1..=MAX_CHARGES);
    let begins_idle = proptest::array::uniform2(proptest::bool::ANY);
    // Milliseconds, or so long that a later message cannot belong to the same charge.
    let unit = prop_oneof![Just(1), Just(10_000)];
    (charges, begins_idle, 0..4_i64, unit).prop_map(|(charges, begins_idle, latency, unit)| {
        let idle = (1..).zip(begins_idle).filter(|(_, is_idle)| *is_idle).map(|(connector, _)| {
            (-1, reported(ConnectorId::parse(connector).unwrap(), ConnectorStatus::Available))
        });
        let mut events: Vec<_> = idle.chain(charges.iter().flat_map(Charge::events)).collect();
        events.sort_by_key(|(instant, _)| *instant);
        if events.is_empty() {
            events.push((0, EventKind::Heartbeat));
        }
        events
            .into_iter()
            .zip(0..)
            .map(|((instant, kind), offset)| record(instant * unit, kind, offset, latency))
            .collect()
    })
}

fn record(instant: i64, kind: EventKind, offset: i64, latency: i64) -> Record {
    let event = GatewayEvent {
        event_id: EventId::parse(&format!("event-{offset}")).unwrap(),
        charge_point_id: device(),
        gateway_id: GatewayId::parse("pod-0").ok(),
        claimed_at: Some(at(instant)),
        trace_id: None,
        kind,
    };
    (event, RecordPosition { partition: 0, offset, appended_at: at(instant + latency) })
}

/// Such a log, and the same events delivered in any order, some of them again.
pub fn delivered_evidence() -> impl Strategy<Value = (Vec<Record>, Vec<Record>)> {
    delivery_of(evidence_log())
}
