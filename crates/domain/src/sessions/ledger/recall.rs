//! Facts that are older than what a ledger remembers, or that name a transaction that it does not
//! hold: they belong to a recorded session or are late history.

mod relation;
mod restore;

use super::{Fact, FactKind, Ledger};
use crate::ids::{ConnectorId, SessionId, TransactionId};
use crate::merged::Merged;
use crate::sessions::session::ChargingSession;
use chrono::{DateTime, Utc};
use relation::Past;

/// Recorded sessions of a device, provided to its ledger for the duration of a batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Recalled {
    /// The sessions of the forgotten time; `None` if they were not loaded or are too many.
    past: Option<Vec<ChargingSession>>,
    /// The sessions with an id that the events name, and the open ones.
    related: Vec<ChargingSession>,
    /// The sessions whose facts the ledger holds again, as they were recorded.
    pub restored: Vec<ChargingSession>,
}

impl Recalled {
    fn sessions(&self) -> impl Iterator<Item = &ChargingSession> {
        self.past.iter().flatten().chain(&self.related)
    }

    /// The start of the next recorded session on `connector` after `at`.
    fn next_on(&self, connector: ConnectorId, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let on_connector = self.sessions().filter(|held| held.connector_id == connector);
        on_connector.map(|held| held.started_at).filter(|started_at| *started_at > at).min()
    }
}

impl Ledger {
    /// The instant since which the ledger holds all facts about transactions; `None` if it has
    /// forgotten nothing.
    #[must_use]
    pub const fn remembers_since(&self) -> Option<DateTime<Utc>> {
        self.settled_until
    }

    /// Whether the ledger has forgotten sessions and holds no fact that names `transaction`: a
    /// forgotten session may then have the id.
    #[must_use]
    pub fn lacks(&self, transaction: &TransactionId) -> bool {
        self.settled_until.is_some() && self.facts.iter().all(|fact| fact.kind.names() != Some(transaction))
    }

    /// Provides the recorded sessions of a time that the ledger does not remember, so that facts of
    /// that time find their session: the sessions that began then, and the next one on each
    /// connector. They are not stored with the ledger.
    pub fn recall(&mut self, recorded: Vec<ChargingSession>) {
        self.recalled.past = Some(recorded);
    }

    /// Provides the recorded sessions that are open, and those with an id that the ledger
    /// [lacks](Self::lacks), regardless of their time. They are not stored with the ledger.
    pub fn recall_related(&mut self, recorded: Vec<ChargingSession>) {
        self.recalled.related = recorded;
    }

    /// Discards the recorded sessions, which are not stored with the ledger.
    pub fn discard_recalled(&mut self) {
        self.recalled = Recalled::default();
        self.dropped.clear();
    }

    /// Recorded sessions whose facts were forgotten and are held again, as they were recorded.
    pub(crate) fn restored(&self) -> &[ChargingSession] {
        &self.recalled.restored
    }

    /// Compares the new `fact` with the recorded sessions; `None` if it must be entered like any
    /// other fact.
    pub(super) fn enter_recorded(&mut self, fact: &mut Fact) -> Option<Merged> {
        let is_past = self.is_settled(fact.stamp.at) && !self.is_of_remembered(fact);
        if !is_past && !fact.kind.names().is_some_and(|id| self.lacks(id)) {
            self.restore_ended_by(fact);
            return None;
        }
        match self.judge(fact, is_past) {
            Past::Known => return Some(Merged::Known),
            Past::TooLate => return Some(Merged::Stale),
            Past::History if is_past => {
                fact.kind.end_by(|connector| self.recalled.next_on(connector, fact.stamp.at));
            }
            Past::History => {}
            Past::Of(session) => {
                // The derived session ends where the recorded one ends.
                fact.kind.end_by(|_connector| self.next_after(&session));
                self.restore(&session);
            }
        }
        self.restore_ended_by(fact);
        None
    }
}

impl FactKind {
    /// The transaction id that the fact names.
    pub(super) const fn names(&self) -> Option<&TransactionId> {
        match self {
            Self::Start { transaction, .. } | Self::Stop { transaction, .. } => transaction.as_ref(),
            Self::Sighting { transaction, .. } => Some(transaction),
        }
    }

    /// The session that the fact opens.
    const fn session(&self) -> Option<SessionId> {
        match self {
            Self::Start { session, .. } => Some(*session),
            Self::Sighting { session, .. } | Self::Stop { session, .. } => *session,
        }
    }

    /// Bounds the session that the fact opens by the next recorded one on its connector.
    fn end_by(&mut self, next_on: impl Fn(ConnectorId) -> Option<DateTime<Utc>>) {
        match self {
            Self::Start { connector, until, .. } | Self::Sighting { connector, until, .. } => {
                *until = next_on(*connector);
            }
            Self::Stop { .. } => {}
        }
    }
}
