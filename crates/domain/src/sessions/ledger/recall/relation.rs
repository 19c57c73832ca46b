//! The relation of a fact to the recorded sessions.

use crate::ids::{ConnectorId, SessionId, TransactionId};
use crate::sessions::ledger::derive::SAME_CHARGE;
use crate::sessions::ledger::{Fact, FactKind, Ledger};
use crate::sessions::session::{ChargingSession, StartedBy};
use chrono::{DateTime, Utc};

/// The relation of a fact to the recorded sessions.
pub(super) enum Past {
    /// The fact belongs to a recorded session and adds nothing.
    Known,
    /// The fact belongs to no recorded session.
    History,
    /// The fact adds to a recorded session that the ledger has forgotten.
    Of(Box<ChargingSession>),
    /// The relation cannot be determined.
    TooLate,
}

impl Ledger {
    /// Whether `fact` has the id of a remembered transaction that began before it: a session that
    /// is open for a long time is older than others that are settled.
    pub(super) fn is_of_remembered(&self, fact: &Fact) -> bool {
        let Some(named) = fact.kind.names().filter(|_| !matches!(fact.kind, FactKind::Start { .. })) else {
            return false;
        };
        let mut earlier = self.facts.iter().filter(|held| held.stamp.at <= fact.stamp.at);
        earlier.any(|held| !matches!(held.kind, FactKind::Stop { .. }) && held.kind.names() == Some(named))
    }

    pub(super) fn judge(&self, fact: &Fact, is_past: bool) -> Past {
        if is_past && self.recalled.past.is_none() {
            return Past::TooLate;
        }
        let at = fact.stamp.at;
        match &fact.kind {
            FactKind::Start { session, connector, transaction, .. } => {
                self.judge_start(*session, *connector, transaction.as_ref(), at)
            }
            FactKind::Sighting { connector, transaction, .. } => {
                self.judge_sighting(*connector, transaction, at, is_past)
            }
            FactKind::Stop { transaction: None, .. } => Past::TooLate,
            FactKind::Stop { transaction: Some(transaction), session, meter_wh, .. } => {
                self.judge_stop(*session, transaction, *meter_wh, at, is_past)
            }
        }
    }

    fn judge_start(
        &self,
        session: SessionId,
        connector: ConnectorId,
        transaction: Option<&TransactionId>,
        at: DateTime<Utc>,
    ) -> Past {
        let is_copy = |held: &ChargingSession| {
            let is_there = held.connector_id == connector && held.started_by == StartedBy::Event;
            held.id == session
                || is_there && (held.started_at == at || held.is_named(transaction) && held.was_open_at(at))
        };
        if self.recalled.sessions().any(is_copy) {
            return Past::Known;
        }
        let next = self.recalled.next_on(connector, at);
        let replaced =
            self.recalled.sessions().find(|held| held.is_replaced_by(connector, transaction, at, next));
        replaced.map_or(Past::History, |held| Past::Of(Box::new(held.clone())))
    }

    fn judge_sighting(
        &self,
        connector: ConnectorId,
        transaction: &TransactionId,
        at: DateTime<Utc>,
        is_past: bool,
    ) -> Past {
        let is_known = |held: &ChargingSession| {
            let is_elsewhere = held.connector_id != connector
                && held.started_by == StartedBy::Readings
                && held.was_open_at(at);
            held.is_named(Some(transaction))
                && held.started_at <= at + SAME_CHARGE
                && !is_elsewhere
                && held.ended_at().is_none_or(|end| is_past || at <= end + SAME_CHARGE)
        };
        let is_nameless = |held: &&ChargingSession| {
            held.transaction_id.is_none()
                && held.connector_id == connector
                && (held.is_open() || held.has_inferred_end())
                && held.was_open_at(at)
        };
        if self.recalled.sessions().any(is_known) {
            return Past::Known;
        }
        let nameless = self.recalled.sessions().find(is_nameless);
        nameless.map_or(Past::History, |held| Past::Of(Box::new(held.clone())))
    }

    fn judge_stop(
        &self,
        session: Option<SessionId>,
        transaction: &TransactionId,
        meter_wh: Option<f64>,
        at: DateTime<Utc>,
        is_past: bool,
    ) -> Past {
        let named = self
            .recalled
            .sessions()
            .filter(|held| held.is_named(Some(transaction)) && held.started_at <= at + SAME_CHARGE);
        let Some(held) = named.max_by_key(|held| held.started_at) else {
            let is_alone = self.recalled.sessions().any(|held| Some(held.id) == session);
            return if is_alone { Past::Known } else { Past::History };
        };
        let of = || Past::Of(Box::new(held.clone()));
        match held.ended_at() {
            None => of(),
            Some(end) if held.has_inferred_end() && at > end + SAME_CHARGE => {
                let is_other_open = self.may_end_nameless(held.connector_id, at);
                if is_other_open { Past::History } else { of() }
            }
            Some(_) if held.has_inferred_end() => of(),
            Some(end) if at <= end + SAME_CHARGE => Past::Known,
            Some(_) if meter_wh.is_none() && is_past => Past::Known,
            Some(_) if meter_wh.is_some() && meter_wh == held.meter_stop_wh() => Past::Known,
            Some(_) => Past::History,
        }
    }

    /// Whether a start without an id on `connector` is remembered from before `at`: a stop may
    /// belong to that start.
    fn may_end_nameless(&self, connector: ConnectorId, at: DateTime<Utc>) -> bool {
        self.facts.iter().filter(|fact| fact.stamp.at <= at).any(|fact| {
            matches!(&fact.kind, FactKind::Start { connector: c, transaction: None, .. } if *c == connector)
        })
    }
}

impl ChargingSession {
    fn is_named(&self, transaction: Option<&TransactionId>) -> bool {
        transaction.is_some() && self.transaction_id.as_ref() == transaction
    }

    fn was_open_at(&self, at: DateTime<Utc>) -> bool {
        self.started_at <= at && self.ended_at().is_none_or(|end| at <= end)
    }

    /// Whether a start on `connector` at `at`, before the session that began there at `next`,
    /// belongs to this session, which rests on weaker evidence.
    fn is_replaced_by(
        &self,
        connector: ConnectorId,
        transaction: Option<&TransactionId>,
        at: DateTime<Utc>,
        next: Option<DateTime<Utc>>,
    ) -> bool {
        let is_in_time = self.ended_at().is_none_or(|end| at <= end + SAME_CHARGE);
        let is_next = self.started_at <= at || Some(self.started_at) == next;
        let is_named = self.is_named(transaction);
        match self.started_by {
            StartedBy::Event => false,
            StartedBy::Stop => is_named && is_in_time && (is_next || self.connector_id != connector),
            StartedBy::Readings if transaction.is_some() => {
                is_named && is_in_time && is_next && self.connector_id == connector
            }
            StartedBy::Readings => {
                let is_soon = self.is_open() && at <= self.started_at + SAME_CHARGE;
                self.connector_id == connector && is_next && (is_soon || at <= self.started_at)
            }
        }
    }
}
