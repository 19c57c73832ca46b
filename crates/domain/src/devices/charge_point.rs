//! The state of a charge point, and how one event changes it.

mod outcome;
mod transactions;

pub use outcome::{Ignored, Outcome, UnplacedReason};

use crate::commands::pending::Awaited;
use crate::devices::boot_probe::BootProbe;
use crate::devices::connector::Connector;
use crate::devices::liveness::Liveness;
use crate::event::{BootReport, CommandAnswer, EventKind, GatewayEvent, MeterValues, StatusReport};
use crate::ids::{ChargePointId, ConnectorId, EventKey};
use crate::measure::{Dated, keep_newer};
use crate::merged::Merged;
use crate::order::{RecordPosition, Stamp, plausible_time};
use crate::sessions::ledger::{Derived, Ledger, Sighting};
use chrono::{DateTime, Utc};
use outcome::entered;
use std::collections::BTreeMap;

/// Live state of one device; exists independently of whether a pile is registered for it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChargePoint {
    /// The device.
    pub id: ChargePointId,
    /// Whether the device is connected.
    pub liveness: Liveness,
    /// The newest boot report; `None` if none was received.
    pub boot: Option<Dated<BootReport>>,
    /// The connectors of which events reported anything.
    pub connectors: BTreeMap<ConnectorId, Connector>,
    /// The facts about the transactions of the device.
    pub ledger: Ledger,
    /// The instant of the newest fact in the ledger. A status that is not newer may change when a
    /// session began; a newer one does not affect the ledger.
    pub ledger_until: Option<DateTime<Utc>>,
    /// Commands that events may still refer to.
    pub commands: Awaited,
    /// The latest request for a BootNotification: its answer is not a restart.
    pub boot_probe: BootProbe,
    /// Recent events with an implausible clock. Such events are ordered by the time of their
    /// record, so a second copy would count as a newer event if the first were not remembered.
    pub implausible_clock: Vec<EventKey>,
}

/// The maximum number of remembered events with an implausible clock.
const MAX_IMPLAUSIBLE_CLOCK: usize = 32;

impl ChargePoint {
    /// The state of a device that is first heard at `first_seen_at`.
    #[must_use]
    pub fn new(id: ChargePointId, first_seen_at: DateTime<Utc>) -> Self {
        Self {
            id,
            liveness: Liveness::new(first_seen_at),
            boot: None,
            connectors: BTreeMap::new(),
            ledger: Ledger::default(),
            ledger_until: None,
            commands: Awaited::default(),
            boot_probe: BootProbe::default(),
            implausible_clock: Vec::new(),
        }
    }

    /// The remembered sessions.
    #[must_use]
    pub fn sessions(&self) -> Derived {
        self.ledger.derive(&self.id)
    }

    /// Forgets settled facts. To be called between batches: sessions that a batch begins and ends
    /// must be written before they are forgotten.
    pub fn settle(&mut self) {
        self.ledger.settle(&self.id);
    }

    /// Applies `event`, which the record at `position` carries.
    ///
    /// The result for any set of records is the same regardless of the order in which they are
    /// applied and of how often. A copy of an event in a record of its own is a sign of life and
    /// changes nothing else.
    pub fn apply(&mut self, event: &GatewayEvent, position: &RecordPosition) -> Outcome {
        let stamp = Stamp::new(event.claimed_at, position);
        self.liveness.last_seen_at = self.liveness.last_seen_at.max(stamp.appended_at);
        // Before anything else: a copy adds nothing, but it is a sign of life like any other
        // record.
        let heard =
            if event.kind.is_proof_of_life() { self.liveness.observe(event, stamp) } else { Merged::Stale };
        if plausible_time(event.claimed_at, position.appended_at).is_none()
            && self.remember_implausible(event)
        {
            return Outcome::Ignored(Ignored::Duplicate);
        }
        self.boot_probe.forget_past(stamp.appended_at);
        self.apply_kind(event, stamp, position, heard)
    }

    fn apply_kind(
        &mut self,
        event: &GatewayEvent,
        stamp: Stamp,
        position: &RecordPosition,
        heard: Merged,
    ) -> Outcome {
        let key = EventKey::of(&event.event_id);
        match &event.kind {
            EventKind::Connected(report) => {
                let boot = Dated { at: stamp.at, value: report.clone() };
                keep_newer(&mut self.boot, boot);
                self.record_heartbeat(stamp);
                if let Some(restart) = self.boot_probe.restart(key, stamp) {
                    self.commands.booted(restart);
                }
                heard.into()
            }
            EventKind::Heartbeat => {
                self.record_heartbeat(stamp);
                heard.into()
            }
            EventKind::Disconnected { .. } => self.liveness.part(event, stamp).into(),
            EventKind::StatusChanged(report) => self.report_status(event, report, stamp).into(),
            EventKind::MeterValues(values) => self.read_meter(event, values, stamp, position),
            EventKind::TransactionStarted(start) => self.start(event, start, stamp),
            EventKind::TransactionUpdated(update) => match &update.transaction_id {
                Some(id) => entered(self.sight(event, Sighting::of_update(update, id), stamp)),
                None => heard.into(),
            },
            EventKind::TransactionStopped(stop) => self.stop(event, stop, position),
            EventKind::CommandAnswered(answer) => self.answer(key, answer, stamp),
            EventKind::Other { .. } => Outcome::Ignored(Ignored::NoEffect),
        }
    }

    fn answer(&mut self, event: EventKey, answer: &CommandAnswer, stamp: Stamp) -> Outcome {
        match self.commands.answered(event, answer, stamp) {
            Some(merged) => merged.into(),
            None => Outcome::Ignored(Ignored::NoEffect),
        }
    }

    fn report_status(&mut self, event: &GatewayEvent, report: &StatusReport, stamp: Stamp) -> Merged {
        let connector = self.connector(report.connector_id);
        let before = connector.reported_status();
        let key = EventKey::of(&event.event_id);
        let offered = connector.report_status(report, key, event.claimed_at, stamp);
        if self.ledger_until.is_some_and(|until| stamp.at <= until) {
            self.follow_evidence();
        }
        if offered == Merged::Changed {
            self.commands.status_changed(report.connector_id, before, report.status, stamp);
        }
        offered
    }

    fn read_meter(
        &mut self,
        event: &GatewayEvent,
        values: &MeterValues,
        stamp: Stamp,
        position: &RecordPosition,
    ) -> Outcome {
        let connector = self.connector(values.connector_id);
        let mut newer = false;
        for reading in &values.readings {
            let transaction = values.transaction_id.as_ref();
            newer |= connector.read_meter(transaction, reading, stamp.at, position) == Merged::Changed;
        }
        if let Some(id) = &values.transaction_id {
            newer |= self.ledger.enter_registers(values, id, stamp.at);
            newer |= self.sight(event, Sighting::of_readings(values, id), stamp) == Merged::Changed;
        }
        if newer { Outcome::Applied } else { Outcome::Ignored(Ignored::Stale) }
    }

    fn connector(&mut self, id: ConnectorId) -> &mut Connector {
        self.connectors.entry(id).or_insert_with(|| Connector::new(id))
    }

    fn record_heartbeat(&mut self, stamp: Stamp) {
        self.liveness.last_heartbeat_at = self.liveness.last_heartbeat_at.max(Some(stamp.appended_at));
    }

    /// Remembers an event with an implausible clock; returns whether it was remembered before.
    fn remember_implausible(&mut self, event: &GatewayEvent) -> bool {
        let key = EventKey::of(&event.event_id);
        if self.implausible_clock.contains(&key) {
            return true;
        }
        if self.implausible_clock.len() >= MAX_IMPLAUSIBLE_CLOCK {
            self.implausible_clock.remove(0);
        }
        self.implausible_clock.push(key);
        false
    }
}
