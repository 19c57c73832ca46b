//! Which session a stop ends; and the sessions that only their stop tells of.

use super::{Unplaced, Walk};
use crate::ids::{ConnectorId, EventKey, SessionId, TransactionId};
use crate::ledger::{Fact, Place, Told};
use crate::session::{ChargingSession, SessionState, StartedBy};
use chrono::{DateTime, Utc};

/// A stop that has ended no session yet.
pub(super) struct PendingStop<'a> {
    pub event: EventKey,
    pub why: Unplaced,
    at: DateTime<Utc>,
    transaction: Option<&'a TransactionId>,
    reason: Option<&'a String>,
    meter_wh: Option<f64>,
    session: Option<SessionId>,
    places: &'a [Place],
}

impl PendingStop<'_> {
    fn end(&self) -> SessionState {
        SessionState::Ended { at: self.at, reason: self.reason.cloned(), meter_stop_wh: self.meter_wh }
    }

    fn is_of(&self, session: &ChargingSession) -> bool {
        self.transaction.is_some() && session.transaction_id.as_ref() == self.transaction
    }
}

impl<'a> Walk<'a> {
    pub(super) fn take_stop(&mut self, fact: &'a Fact) {
        let Told::Stop { transaction, reason, meter_wh, session, places } = &fact.told else { return };
        let mut stop = PendingStop {
            event: fact.event,
            why: Unplaced::NoOpenSession,
            at: fact.stamp.at,
            transaction: transaction.as_ref(),
            reason: reason.as_ref(),
            meter_wh: *meter_wh,
            session: *session,
            places,
        };
        if !self.place(&mut stop) {
            self.pending.push(stop);
        }
    }

    /// Tries the stops that wait once more.
    pub(super) fn place_pending(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.retain_mut(|stop| !self.place(stop));
        self.pending = pending;
    }

    /// A stop that waits ended `transaction`, which is sighted on `connector` now: that tells where it
    /// was. Says whether there was one.
    pub(super) fn place_where_sighted(
        &mut self,
        connector: ConnectorId,
        transaction: &TransactionId,
        began: Option<DateTime<Utc>>,
    ) -> bool {
        let is_meant =
            |stop: &PendingStop<'_>| stop.session.is_some() && stop.transaction == Some(transaction);
        let Some(index) = self.pending.iter().position(is_meant) else { return false };
        let stop = self.pending.remove(index);
        let began = began.filter(|began| *began <= stop.at);
        self.add_stopped(&stop, connector, began);
        true
    }

    /// Ends the one session that `stop` can mean, or adds the one that it alone tells of; otherwise
    /// leaves all as they are and says why. Says whether it was placed.
    fn place(&mut self, stop: &mut PendingStop<'_>) -> bool {
        if let Some(named) = self.sessions.iter_mut().find(|held| stop.is_of(held)) {
            // A second stop of a session that has ended says nothing new, unless that end was a guess.
            if named.is_open() || named.is_superseded() {
                named.state = stop.end();
            }
            return true;
        }
        match self.could_end(stop).as_slice() {
            [only] => {
                if let Some(session) = self.sessions.get_mut(*only) {
                    session.transaction_id =
                        session.transaction_id.take().or_else(|| stop.transaction.cloned());
                    session.state = stop.end();
                }
                true
            }
            [] => self.place_alone(stop),
            _ => {
                stop.why = Unplaced::Ambiguous;
                false
            }
        }
    }

    /// Open sessions that a stop without a known name could mean: those without a name; for a stop
    /// without one, all.
    fn could_end(&self, stop: &PendingStop<'_>) -> Vec<usize> {
        let candidate = |session: &ChargingSession| {
            session.is_open()
                && session.started_at <= stop.at
                && (stop.transaction.is_none() || session.transaction_id.is_none())
        };
        let sessions = self.sessions.iter().enumerate();
        sessions.filter(|(_, session)| candidate(session)).map(|(index, _)| index).collect()
    }

    /// Adds the session that only `stop` tells of, if it is certain where it was: on the one connector
    /// that began to charge for no other session; or, where none did, on the only connector that there is.
    fn place_alone(&mut self, stop: &mut PendingStop<'_>) -> bool {
        stop.why = Unplaced::NoOpenSession;
        if stop.transaction.is_none() || stop.session.is_none() {
            return false;
        }
        let began = |place: &Place| {
            let began = place.began?;
            self.is_free_since(place.connector, began, stop.at).then_some((place.connector, Some(began)))
        };
        let charged: Vec<_> = stop.places.iter().filter_map(began).collect();
        let placed = match (charged.as_slice(), stop.places) {
            ([only], _) => *only,
            ([], [only]) if self.is_idle(only.connector, stop.at) => (only.connector, None),
            ([], _) => return false,
            _ => {
                stop.why = Unplaced::Ambiguous;
                return false;
            }
        };
        let (connector, began) = placed;
        self.add_stopped(stop, connector, began);
        true
    }

    /// Whether no session was open on `connector` at `at`.
    fn is_idle(&self, connector: ConnectorId, at: DateTime<Utc>) -> bool {
        let on_connector = self.sessions.iter().filter(|held| held.connector_id == connector);
        on_connector
            .filter(|held| held.started_at <= at)
            .all(|held| held.ended_at().is_some_and(|end| end < at))
    }

    fn add_stopped(&mut self, stop: &PendingStop<'_>, connector: ConnectorId, began: Option<DateTime<Utc>>) {
        let Some(id) = stop.session else { return };
        self.open(ChargingSession {
            id,
            charge_point_id: self.charge_point.clone(),
            connector_id: connector,
            transaction_id: stop.transaction.cloned(),
            id_tag: None,
            reservation_id: None,
            command_id: None,
            started_at: began.unwrap_or(stop.at),
            meter_start_wh: None,
            started_by: StartedBy::Stop,
            state: SessionState::Open,
        });
        if let Some(session) = self.sessions.last_mut() {
            session.state = stop.end();
        }
    }
}
