//! The state of a charge point, and how one event changes it.

use crate::commands::pending::Awaited;
use crate::devices::boot_probe::BootProbe;
use crate::devices::connector::Connector;
use crate::devices::liveness::Liveness;
use crate::event::{
    BootReport, CommandAnswer, EventKind, GatewayEvent, MeterValues, StatusReport, TransactionStart,
    TransactionStop,
};
use crate::ids::{ChargePointId, ConnectorId, EventKey, SessionId, TransactionId};
use crate::measure::{Dated, keep_newer};
use crate::merged::Merged;
use crate::order::{RecordPosition, Stamp, plausible_time};
use crate::sessions::ledger::{Derived, Ledger, Sighting, Unplaced};
use crate::sessions::session::ChargingSession;
use chrono::{DateTime, Utc};
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

/// The outcome of applying an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The event changed the state, or was a sign of life.
    Applied,
    /// The event has no effect, by design.
    Ignored(Ignored),
    /// The event has no effect and must be kept: it reports something that cannot be placed.
    Unplaced(UnplacedReason),
}

/// Why an event has no effect, by design.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// The event was applied before.
    Duplicate,
    /// A newer event is known.
    Stale,
    /// The event is of a kind that carries no state.
    NoEffect,
}

impl Ignored {
    /// The stable name, for metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
            Self::NoEffect => "no_effect",
        }
    }
}

/// Why an event cannot be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnplacedReason {
    /// A stop that ends no session.
    Stop(Unplaced),
    /// The event reports a transaction so old that its session is no longer remembered.
    TooLate,
}

impl UnplacedReason {
    /// All reasons.
    pub const REASONS: [&'static str; 3] = [
        Self::Stop(Unplaced::NoOpenSession).reason(),
        Self::Stop(Unplaced::Ambiguous).reason(),
        Self::TooLate.reason(),
    ];

    /// The stable name, for dead letters and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Stop(unplaced) => unplaced.reason(),
            Self::TooLate => "TOO_LATE",
        }
    }
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
            EventKind::StatusChanged(report) => self.report_status(report, key, stamp).into(),
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

    fn report_status(&mut self, report: &StatusReport, event: EventKey, stamp: Stamp) -> Merged {
        let connector = self.connector(report.connector_id);
        let before = connector.reported_status();
        let offered = connector.report_status(report, event, stamp);
        if self.ledger_until.is_some_and(|until| stamp.at <= until) {
            self.follow_evidence();
        }
        if offered == Merged::Changed {
            self.commands.status_changed(report.connector_id, before, report.status, stamp);
        }
        offered
    }

    fn start(&mut self, event: &GatewayEvent, start: &TransactionStart, stamp: Stamp) -> Outcome {
        // Gateways restart their numbering: from here on the same id may mean another transaction.
        if let Some(connector) = self.connectors.get_mut(&start.connector_id) {
            connector.sighted = None;
        }
        let session = self.session_id(event, stamp);
        let outcome = self.ledger.enter_start(session, &event.event_id, start, stamp);
        if outcome == Merged::Changed {
            self.ledger_changed();
        }
        self.bound_ledger();
        entered(outcome)
    }

    fn stop(&mut self, event: &GatewayEvent, stop: &TransactionStop, position: &RecordPosition) -> Outcome {
        let stamp = stop.stamp(event.claimed_at, position);
        let session = self.session_id(event, stamp);
        let outcome = entered(self.ledger.enter_stop(session, &event.event_id, stop, stamp));
        if outcome != Outcome::Applied {
            return outcome;
        }
        self.ledger_changed();
        self.forget_sighting(stop.transaction_id.as_ref());
        let key = EventKey::of(&event.event_id);
        let unplaced = self.sessions().unplaced.into_iter().find(|(event, _)| *event == key);
        self.bound_ledger();
        unplaced.map_or(Outcome::Applied, |(_, why)| Outcome::Unplaced(UnplacedReason::Stop(why)))
    }

    /// The id of the session that `event` opens, if it opens one.
    fn session_id(&self, event: &GatewayEvent, stamp: Stamp) -> SessionId {
        SessionId::derive(&self.id, &event.event_id, stamp.at.timestamp_millis())
    }

    /// A stopped transaction is no longer in use.
    fn forget_sighting(&mut self, stopped: Option<&TransactionId>) {
        for connector in self.connectors.values_mut() {
            if stopped.is_some() && connector.sighted.as_ref().map(|sighted| &sighted.value) == stopped {
                connector.sighted = None;
            }
        }
    }

    /// Updates what follows from the ledger after a fact was added.
    fn ledger_changed(&mut self) {
        self.ledger_until = self.ledger_until.max(self.ledger.newest_at());
        self.follow_evidence();
    }

    /// Derives the beginnings and causes of sessions from statuses and commands, and the effects of
    /// commands from the sessions. A late event may have changed any of these.
    fn follow_evidence(&mut self) {
        self.ledger.follow_statuses(&self.connectors);
        let is_forgotten = |began, session| !self.ledger.remembers(began) && !self.ledger.names(session);
        let starts: Vec<_> = self.commands.commanded_starts(is_forgotten).collect();
        self.ledger.link_starts(&self.id, starts);
        if !self.commands.is_empty() {
            let sessions = self.sessions().sessions;
            self.commands.follow_sessions(&sessions, |began| self.ledger.remembers(began));
        }
    }

    /// Bounds the ledger of a device that sends implausible data while a batch is folded.
    fn bound_ledger(&mut self) {
        if self.ledger.is_overfull() {
            self.settle();
        }
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

    fn sight(&mut self, event: &GatewayEvent, sighting: Sighting, stamp: Stamp) -> Merged {
        let Sighting { connector, transaction, .. } = &sighting;
        if self.connectors.get(connector).is_some_and(|held| held.has_sighted(transaction, stamp.at)) {
            return Merged::Known;
        }
        let (connector, sighted) = (*connector, Dated { at: stamp.at, value: transaction.clone() });
        let session = self.session_id(event, stamp);
        let entered = self.ledger.enter_sighting(session, &event.event_id, sighting, stamp);
        if entered == Merged::Changed {
            self.ledger_changed();
        }
        if entered != Merged::Stale
            && self.is_under_way(connector, &sighted.value)
            && let Some(connector) = self.connectors.get_mut(&connector)
        {
            connector.sighted = Some(sighted);
        }
        entered
    }

    /// Whether a session of `transaction`, which readings name on `connector`, is open. Where a
    /// gateway reuses ids, the session there may be unnamed although an earlier one has the id.
    fn is_under_way(&self, connector: ConnectorId, transaction: &TransactionId) -> bool {
        let is_meant = |held: &ChargingSession| match &held.transaction_id {
            Some(id) => id == transaction,
            None => held.connector_id == connector,
        };
        self.sessions().sessions.iter().any(|held| held.is_open() && is_meant(held))
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

impl From<Merged> for Outcome {
    fn from(merged: Merged) -> Self {
        match merged {
            Merged::Changed | Merged::Recorded => Self::Applied,
            Merged::Stale => Self::Ignored(Ignored::Stale),
            Merged::Known => Self::Ignored(Ignored::Duplicate),
        }
    }
}

/// The outcome of entering a fact into the ledger of sessions.
fn entered(merged: Merged) -> Outcome {
    match merged {
        Merged::Stale => Outcome::Unplaced(UnplacedReason::TooLate),
        Merged::Changed | Merged::Recorded | Merged::Known => merged.into(),
    }
}
