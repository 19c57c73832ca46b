//! Enters starts, sightings and stops into the ledger, and updates what follows from it.

use super::outcome::entered;
use super::{ChargePoint, Outcome, UnplacedReason};
use crate::event::{GatewayEvent, TransactionStart, TransactionStop};
use crate::ids::{ConnectorId, EventKey, SessionId, TransactionId};
use crate::measure::Dated;
use crate::merged::Merged;
use crate::order::{RecordPosition, Stamp};
use crate::sessions::ledger::Sighting;
use crate::sessions::session::ChargingSession;
use chrono::{DateTime, Utc};

impl ChargePoint {
    /// Ends `session`, which is open, on behalf of an operator; see
    /// [`Ledger::end_by_operator`](crate::sessions::ledger::Ledger::end_by_operator).
    pub fn end_session(
        &mut self,
        session: &ChargingSession,
        meter_wh: Option<f64>,
        at: DateTime<Utc>,
    ) -> bool {
        // Before every record of that instant.
        let stamp = Stamp { at, appended_at: at, partition: -1, offset: 0 };
        let is_ended = self.ledger.end_by_operator(session, meter_wh, stamp);
        if is_ended {
            self.ledger_changed();
        }
        is_ended
    }

    pub(super) fn start(&mut self, event: &GatewayEvent, start: &TransactionStart, stamp: Stamp) -> Outcome {
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

    pub(super) fn sight(&mut self, event: &GatewayEvent, sighting: Sighting, stamp: Stamp) -> Merged {
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

    pub(super) fn stop(
        &mut self,
        event: &GatewayEvent,
        stop: &TransactionStop,
        position: &RecordPosition,
    ) -> Outcome {
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

    /// Whether a session of `transaction`, which readings name on `connector`, is open. Where a
    /// gateway reuses ids, the session there may be unnamed although an earlier one has the id.
    fn is_under_way(&self, connector: ConnectorId, transaction: &TransactionId) -> bool {
        let is_meant = |held: &ChargingSession| match &held.transaction_id {
            Some(id) => id == transaction,
            None => held.connector_id == connector,
        };
        self.sessions().sessions.iter().any(|held| held.is_open() && is_meant(held))
    }

    /// Updates what follows from the ledger after a fact was added.
    fn ledger_changed(&mut self) {
        self.ledger_until = self.ledger_until.max(self.ledger.newest_at());
        self.follow_evidence();
    }

    /// Derives the beginnings and causes of sessions from statuses and commands, and the effects of
    /// commands from the sessions. A late event may have changed any of these.
    pub(super) fn follow_evidence(&mut self) {
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
}
