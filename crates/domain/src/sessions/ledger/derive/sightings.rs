//! Finds or opens the session whose transaction id is sighted on a connector.

use super::{SAME_CHARGE, Walk};
use crate::ids::{ConnectorId, TransactionId};
use crate::sessions::ledger::{Fact, FactKind};
use crate::sessions::session::{ChargingSession, SessionState, StartedBy};
use crate::sessions::status_trail::ChargeBegin;
use chrono::{DateTime, Utc};

impl Walk<'_> {
    pub(super) fn take_sighting(&mut self, place: usize, fact: &Fact) {
        let FactKind::Sighting {
            connector,
            transaction,
            session,
            meter_wh,
            began,
            ready,
            charging,
            until,
            ..
        } = &fact.kind
        else {
            return;
        };
        let begin = began.map(|at| ChargeBegin { at, ready_at: *ready });
        let is_nameless_open = self.unnamed_on(*connector, fact.stamp.at).is_some();
        let is_known = |session: &ChargingSession| {
            session.is_sighted_as(*connector, transaction)
                && !session.ended_before(*connector, fact.stamp.at, begin, is_nameless_open)
        };
        if let Some(track) = self.tracks.iter_mut().find(|track| is_known(&track.session)) {
            track.facts.push(place);
            return;
        }
        if self.place_where_sighted(*connector, transaction, (fact.stamp.at, *began, *charging), place) {
            return;
        }
        if !self.name(*connector, transaction, fact.stamp.at, place)
            && let Some(id) = session
        {
            let at = fact.stamp.at;
            let began =
                begin.filter(|begin| self.is_free_since(*connector, *begin, at)).map(|begin| begin.at);
            let charging =
                charging.filter(|since| self.is_free_since(*connector, ChargeBegin::seen(*since), at));
            let opened = ChargingSession {
                id: *id,
                charge_point_id: self.charge_point.clone(),
                connector_id: *connector,
                transaction_id: Some(transaction.clone()),
                id_tag: fact.kind.reported_tag().cloned(),
                reservation_id: None,
                command_id: None,
                started_at: began.unwrap_or(at),
                meter_start_wh: *meter_wh,
                started_by: StartedBy::Readings,
                state: SessionState::open_until(*until),
            };
            self.open(opened, place, began.or(charging).or(Some(at)));
        }
        // A newly named session leaves fewer candidates for the pending stops.
        self.place_pending();
    }

    /// Gives `transaction` to the unnamed session that was open on `connector` at `at`. Returns
    /// whether there was one.
    fn name(
        &mut self,
        connector: ConnectorId,
        transaction: &TransactionId,
        at: DateTime<Utc>,
        place: usize,
    ) -> bool {
        let Some(track) = self.unnamed_on(connector, at) else { return false };
        track.session.transaction_id = Some(transaction.clone());
        track.facts.push(place);
        true
    }
}

impl ChargingSession {
    /// Whether a sighting of `transaction` on `connector` adds nothing. The published gateway
    /// numbers transactions by seconds, so two connectors of a device that begin in the same second
    /// have the same id. A session that only readings showed on another connector is therefore
    /// another session.
    fn is_sighted_as(&self, connector: ConnectorId, transaction: &TransactionId) -> bool {
        let elsewhere =
            self.connector_id != connector && self.started_by == StartedBy::Readings && self.is_open();
        self.transaction_id.as_ref() == Some(transaction) && !elsewhere
    }

    /// Whether a sighting of its id on `connector` at `at` belongs to another charge because this
    /// session ended long before: this session was on another connector, or an unnamed session is
    /// open there, or a charge began after the end, with `begin`.
    fn ended_before(
        &self,
        connector: ConnectorId,
        at: DateTime<Utc>,
        begin: Option<ChargeBegin>,
        is_nameless_open: bool,
    ) -> bool {
        self.ended_at().is_some_and(|end| {
            let is_other = self.connector_id != connector
                || is_nameless_open
                || begin.is_some_and(|begin| begin.at > end);
            at > end + SAME_CHARGE && is_other
        })
    }
}
