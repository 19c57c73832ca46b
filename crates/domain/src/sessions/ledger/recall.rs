//! Facts that are older than what a ledger remembers, or that name a transaction that it does not
//! hold: they belong to a recorded session or are late history.

use super::derive::SAME_CHARGE;
use super::{Fact, FactKind, Ledger};
use crate::ids::{ConnectorId, EventKey, SessionId, TransactionId};
use crate::merged::Merged;
use crate::order::Stamp;
use crate::sessions::session::{ChargingSession, SUPERSEDED, SessionState, StartedBy};
use chrono::{DateTime, Utc};

/// The relation of a fact to the recorded sessions.
enum Past {
    /// The fact belongs to a recorded session and adds nothing.
    Known,
    /// The fact belongs to no recorded session.
    History,
    /// The fact adds to a recorded session that the ledger has forgotten.
    Of(Box<ChargingSession>),
    /// The relation cannot be determined.
    TooLate,
}

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

    /// Whether `fact` has the id of a remembered transaction that began before it: a session that
    /// is open for a long time is older than others that are settled.
    fn is_of_remembered(&self, fact: &Fact) -> bool {
        let Some(named) = fact.kind.names().filter(|_| !matches!(fact.kind, FactKind::Start { .. })) else {
            return false;
        };
        let mut earlier = self.facts.iter().filter(|held| held.stamp.at <= fact.stamp.at);
        earlier.any(|held| !matches!(held.kind, FactKind::Stop { .. }) && held.kind.names() == Some(named))
    }

    fn judge(&self, fact: &Fact, is_past: bool) -> Past {
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
                && (held.is_open() || held.is_superseded())
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
            Some(end) if held.is_superseded() && at > end + SAME_CHARGE => {
                let is_other_open = self.may_end_nameless(held.connector_id, at);
                if is_other_open { Past::History } else { of() }
            }
            Some(_) if held.is_superseded() => of(),
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

    /// Restores the facts about sessions on the connector of `fact` that were still open at that
    /// time: a session that `fact` opens there ends them.
    fn restore_ended_by(&mut self, fact: &Fact) {
        let (FactKind::Start { connector, .. } | FactKind::Sighting { connector, .. }) = &fact.kind else {
            return;
        };
        let ends = |held: &&ChargingSession| {
            held.may_go_on(fact.stamp.at)
                && held.connector_id == *connector
                && held.started_at <= fact.stamp.at
        };
        let ended: Vec<_> = self.recalled.sessions().filter(ends).cloned().collect();
        ended.iter().for_each(|session| self.restore(session));
    }

    /// The start of the next recorded session on the connector of `session`, unless a stop ended
    /// `session`.
    fn next_after(&self, session: &ChargingSession) -> Option<DateTime<Utc>> {
        match &session.state {
            SessionState::Open => self.recalled.next_on(session.connector_id, session.started_at),
            SessionState::Ended { at, .. } => session.is_superseded().then_some(*at),
        }
    }

    /// Restores the facts about `session` from its record, unless the session is remembered.
    fn restore(&mut self, session: &ChargingSession) {
        let is_held = self.facts.iter().any(|fact| fact.kind.session() == Some(session.id));
        if is_held {
            return;
        }
        let until = self.next_after(session);
        self.facts.extend(Fact::restored(session, until));
        self.dropped.remove(&session.id);
        self.recalled.restored.push(session.clone());
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

impl Fact {
    /// The facts about `session`, as far as its record contains them. `until` is the start of the
    /// next session on its connector, if that one ended it.
    fn restored(session: &ChargingSession, until: Option<DateTime<Utc>>) -> Vec<Self> {
        let (high, low) = session.id.0.as_u64_pair();
        let key = i64::from_ne_bytes((high ^ low).to_ne_bytes());
        let fact = |at, key, kind| Self {
            stamp: Stamp { at, appended_at: at, partition: -1, offset: 0 },
            event: EventKey(key),
            kind,
        };
        let began = match (&session.transaction_id, session.started_by) {
            (Some(transaction), StartedBy::Readings | StartedBy::Stop) => FactKind::Sighting {
                connector: session.connector_id,
                transaction: transaction.clone(),
                session: Some(session.id),
                id_tag: session.id_tag.clone(),
                meter_wh: session.meter_start_wh,
                command: session.command_id,
                began: None,
                ready: None,
                charging: None,
                tag_of_command: false,
                until,
            },
            (transaction, _) => FactKind::Start {
                session: session.id,
                connector: session.connector_id,
                transaction: transaction.clone(),
                id_tag: session.id_tag.clone(),
                meter_wh: session.meter_start_wh,
                reservation: session.reservation_id,
                command: session.command_id,
                tag_of_command: false,
                until,
            },
        };
        let ended = match &session.state {
            SessionState::Ended { at, reason, meter_stop_wh } if reason.as_deref() != Some(SUPERSEDED) => {
                let kind = FactKind::Stop {
                    transaction: session.transaction_id.clone(),
                    reason: reason.clone(),
                    meter_wh: *meter_stop_wh,
                    session: None,
                    places: Vec::new(),
                    command: None,
                    id_tag: None,
                };
                Some(fact(*at, !key, kind))
            }
            _ => None,
        };
        [fact(session.started_at, key, began)].into_iter().chain(ended).collect()
    }
}
