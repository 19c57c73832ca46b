//! From facts in order to sessions.

mod stops;

use super::{Fact, Forgotten, Told};
use crate::ids::{ChargePointId, ConnectorId, EventKey, TransactionId};
use crate::session::{ChargingSession, SUPERSEDED, SessionState, StartedBy};
use chrono::{DateTime, TimeDelta, Utc};
use stops::PendingStop;

/// The sessions that a ledger tells of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Derived {
    /// In the order in which they were told of.
    pub sessions: Vec<ChargingSession>,
    /// Stops that ended no session, with the reason.
    pub unplaced: Vec<(EventKey, Unplaced)>,
}

/// Why a stop ended no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unplaced {
    /// No open session that it could belong to, and no connector that it was on for certain.
    NoOpenSession,
    /// It could belong to two or more open sessions, or connectors: none is ended on a guess.
    Ambiguous,
}

impl Unplaced {
    /// A stable name, for dead letters and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoOpenSession => "STOP_WITHOUT_SESSION",
            Self::Ambiguous => "STOP_AMBIGUOUS",
        }
    }
}

/// A start without an id belongs to the session that readings showed on its connector if it is at
/// most this much later: clocks of two gateways differ.
const SAME_CHARGE: TimeDelta = TimeDelta::seconds(60);

/// Tells `facts`, which are in order, once more; `forgotten` are the sessions of which they tell no more.
pub(super) fn derive(charge_point: &ChargePointId, facts: &[Fact], forgotten: &[Forgotten]) -> Derived {
    let mut walk = Walk { charge_point, forgotten, sessions: Vec::new(), pending: Vec::new() };
    for fact in facts {
        match &fact.told {
            Told::Start { .. } => walk.take_start(fact),
            Told::Sight { .. } => walk.take_sight(fact),
            Told::Stop { .. } => walk.take_stop(fact),
        }
    }
    let unplaced = walk.pending.iter().map(|stop| (stop.event, stop.why)).collect();
    Derived { sessions: walk.sessions, unplaced }
}

/// What is derived so far.
struct Walk<'a> {
    charge_point: &'a ChargePointId,
    forgotten: &'a [Forgotten],
    sessions: Vec<ChargingSession>,
    pending: Vec<PendingStop<'a>>,
}

impl<'a> Walk<'a> {
    fn take_start(&mut self, fact: &Fact) {
        let Told::Start { session, connector, transaction, id_tag, meter_wh, reservation, command } =
            &fact.told
        else {
            return;
        };
        let started = ChargingSession {
            id: *session,
            charge_point_id: self.charge_point.clone(),
            connector_id: *connector,
            transaction_id: transaction.clone(),
            id_tag: id_tag.clone(),
            reservation_id: *reservation,
            command_id: *command,
            started_at: fact.stamp.at,
            meter_start_wh: *meter_wh,
            started_by: StartedBy::Event,
            state: SessionState::Open,
        };
        match self.told_already(&started) {
            // A start that is told twice, in two events, is one session as long as the id says so.
            Some(held) if held.started_by == StartedBy::Event => {
                held.command_id = held.command_id.or(*command);
            }
            Some(held) => held.rest_on(started),
            None => self.open(started),
        }
    }

    /// The session that `started` tells of once more: the one with its id, or, where it has none yet,
    /// the one that readings showed on its connector just before.
    fn told_already(&mut self, started: &ChargingSession) -> Option<&mut ChargingSession> {
        self.sessions.iter_mut().find(|held| match &started.transaction_id {
            Some(id) => held.transaction_id.as_ref() == Some(id),
            None => {
                held.is_open()
                    && held.connector_id == started.connector_id
                    && held.started_by == StartedBy::Readings
                    && started.started_at - held.started_at <= SAME_CHARGE
            }
        })
    }

    fn take_sight(&mut self, fact: &Fact) {
        let Told::Sight { connector, transaction, session, id_tag, meter_wh, command, began } = &fact.told
        else {
            return;
        };
        if self.sessions.iter().any(|session| session.is_sighted_as(*connector, transaction)) {
            return;
        }
        if self.place_where_sighted(*connector, transaction, *began) {
            return;
        }
        if !self.name(*connector, transaction)
            && let Some(id) = session
        {
            let at = fact.stamp.at;
            let began = began.filter(|began| self.is_free_since(*connector, *began, at));
            self.open(ChargingSession {
                id: *id,
                charge_point_id: self.charge_point.clone(),
                connector_id: *connector,
                transaction_id: Some(transaction.clone()),
                id_tag: id_tag.clone(),
                reservation_id: None,
                command_id: *command,
                started_at: began.unwrap_or(at),
                meter_start_wh: *meter_wh,
                started_by: StartedBy::Readings,
                state: SessionState::Open,
            });
        }
        // A session that has a name now leaves fewer for the stops that wait.
        self.place_pending();
    }

    /// Gives `transaction` to the open session on `connector` that has no name yet. Says whether it did.
    fn name(&mut self, connector: ConnectorId, transaction: &TransactionId) -> bool {
        let unnamed = |session: &&mut ChargingSession| {
            session.is_open() && session.connector_id == connector && session.transaction_id.is_none()
        };
        let found = self.sessions.iter_mut().rev().find(unnamed);
        if let Some(session) = found {
            session.transaction_id = Some(transaction.clone());
            return true;
        }
        false
    }

    /// Adds a session; what is open on its connector has ended: a connector charges one vehicle at a time.
    fn open(&mut self, session: ChargingSession) {
        let at = session.started_at;
        let is_ended = |held: &&mut ChargingSession| {
            held.is_open() && held.connector_id == session.connector_id && held.started_at <= at
        };
        for held in self.sessions.iter_mut().filter(is_ended) {
            let reason = Some(SUPERSEDED.to_owned());
            held.state = SessionState::Ended { at, reason, meter_stop_wh: None };
        }
        self.sessions.push(session);
    }

    /// Whether a charge that began on `connector` at `began` belongs to none of the sessions that
    /// began there by `until`, nor to one that was forgotten.
    fn is_free_since(&self, connector: ConnectorId, began: DateTime<Utc>, until: DateTime<Utc>) -> bool {
        let mut forgotten = self.forgotten.iter().filter(|known| known.connector == connector);
        let on_connector = self.sessions.iter().filter(|held| held.connector_id == connector);
        forgotten.all(|known| known.until < began)
            && on_connector
                .filter(|held| held.started_at <= until)
                .all(|held| held.ended_at().unwrap_or(held.started_at) < began)
    }
}

impl ChargingSession {
    /// Replaces the evidence that the session rested on by the start that was told of it; what the
    /// start leaves out stays as it was.
    fn rest_on(&mut self, start: Self) {
        *self = Self {
            transaction_id: start.transaction_id.clone().or_else(|| self.transaction_id.take()),
            id_tag: start.id_tag.clone().or_else(|| self.id_tag.take()),
            command_id: start.command_id.or(self.command_id),
            meter_start_wh: start.meter_start_wh.or(self.meter_start_wh),
            state: self.state.clone(),
            ..start
        };
    }

    /// Whether a sight of `transaction` on `connector` says nothing new. The published gateway numbers by
    /// seconds: two connectors of a device that begin in the same second have the same id, so one that
    /// only readings showed elsewhere is another session.
    fn is_sighted_as(&self, connector: ConnectorId, transaction: &TransactionId) -> bool {
        let elsewhere =
            self.connector_id != connector && self.started_by == StartedBy::Readings && self.is_open();
        self.transaction_id.as_ref() == Some(transaction) && !elsewhere
    }

    /// Whether the next session ended it, and not a stop of its own.
    pub(super) fn is_superseded(&self) -> bool {
        matches!(&self.state, SessionState::Ended { reason: Some(reason), .. } if reason == SUPERSEDED)
    }
}
