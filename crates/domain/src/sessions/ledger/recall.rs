//! Facts that are older than what a ledger remembers, or that name a transaction that it does not: whether they are of a session
//! that is recorded, or late history.

use super::derive::SAME_CHARGE;
use super::{Entered, Fact, Ledger, Told};
use crate::ids::{ConnectorId, EventKey, SessionId, TransactionId};
use crate::order::Stamp;
use crate::sessions::session::{ChargingSession, SUPERSEDED, SessionState, StartedBy};
use chrono::{DateTime, Utc};

/// What a fact is, compared with the recorded sessions.
enum Past {
    /// Of a session that is recorded: it says nothing new.
    Known,
    /// Of no session that is recorded.
    History,
    /// It says more of a session that is recorded and that the ledger has forgotten.
    Of(Box<ChargingSession>),
    /// It cannot be told.
    TooLate,
}

/// Recorded sessions of a device, lent to its ledger for the time of a batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Recalled {
    /// Those of the time that is forgotten; `None` when they were not looked up, or are too many.
    past: Option<Vec<ChargingSession>>,
    /// Those that have an id which the events name, and those that are open.
    related: Vec<ChargingSession>,
    /// Those whose facts the ledger holds again, as they were recorded.
    pub restored: Vec<ChargingSession>,
}

impl Recalled {
    fn sessions(&self) -> impl Iterator<Item = &ChargingSession> {
        self.past.iter().flatten().chain(&self.related)
    }

    /// When the next recorded session on `connector` began after `at`.
    fn next_on(&self, connector: ConnectorId, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let on_connector = self.sessions().filter(|held| held.connector_id == connector);
        on_connector.map(|held| held.started_at).filter(|started_at| *started_at > at).min()
    }
}

impl Ledger {
    /// Since when the ledger remembers all that was reported of transactions; `None` when it has forgotten nothing.
    #[must_use]
    pub const fn remembers_since(&self) -> Option<DateTime<Utc>> {
        self.settled_until
    }

    /// Whether the ledger has forgotten sessions and no fact that it holds names `transaction`: then a session that it has
    /// forgotten may have the id.
    #[must_use]
    pub fn lacks(&self, transaction: &TransactionId) -> bool {
        self.settled_until.is_some() && self.facts.iter().all(|fact| fact.told.names() != Some(transaction))
    }

    /// Lends the ledger the device's recorded sessions of a time that it does not remember itself, so that facts of that time
    /// find their place: those that began then, and the next one on each connector. Not stored with it.
    pub fn recall(&mut self, recorded: Vec<ChargingSession>) {
        self.recalled.past = Some(recorded);
    }

    /// Lends the ledger the device's recorded sessions that are open, and those with an id that it [lacks](Self::lacks), of
    /// whatever time. Not stored with it.
    pub fn recall_related(&mut self, recorded: Vec<ChargingSession>) {
        self.recalled.related = recorded;
    }

    /// Discards what is not stored with the ledger: the recorded sessions that it was lent.
    pub fn discard_recalled(&mut self) {
        self.recalled = Recalled::default();
        self.dropped.clear();
    }

    /// Recorded sessions whose facts were forgotten and are held again, as they were recorded.
    pub(crate) fn restored(&self) -> &[ChargingSession] {
        &self.recalled.restored
    }

    /// Holds `fact`, which is new, against the recorded sessions; `None` when it must be entered like any other.
    pub(super) fn enter_recorded(&mut self, fact: &mut Fact) -> Option<Entered> {
        let is_past = self.is_settled(fact.stamp.at) && !self.is_of_remembered(fact);
        if !is_past && !fact.told.names().is_some_and(|id| self.lacks(id)) {
            self.restore_ended_by(fact);
            return None;
        }
        match self.judge(fact, is_past) {
            Past::Known => return Some(Entered::Known),
            Past::TooLate => return Some(Entered::TooLate),
            Past::History if is_past => {
                fact.told.end_by(|connector| self.recalled.next_on(connector, fact.stamp.at));
            }
            Past::History => {}
            Past::Of(session) => {
                // What is derived from both ends where the record does.
                fact.told.end_by(|_connector| self.next_after(&session));
                self.restore(&session);
            }
        }
        self.restore_ended_by(fact);
        None
    }

    /// Whether `fact` has the id of a transaction that is remembered and began before it: a session that is open for long is
    /// older than others that are settled.
    fn is_of_remembered(&self, fact: &Fact) -> bool {
        let Some(named) = fact.told.names().filter(|_| !matches!(fact.told, Told::Start { .. })) else {
            return false;
        };
        let mut earlier = self.facts.iter().filter(|held| held.stamp.at <= fact.stamp.at);
        earlier.any(|held| !matches!(held.told, Told::Stop { .. }) && held.told.names() == Some(named))
    }

    fn judge(&self, fact: &Fact, is_past: bool) -> Past {
        if is_past && self.recalled.past.is_none() {
            return Past::TooLate;
        }
        let at = fact.stamp.at;
        match &fact.told {
            Told::Start { session, connector, transaction, .. } => {
                self.judge_start(*session, *connector, transaction.as_ref(), at)
            }
            Told::Sight { connector, transaction, .. } => {
                self.judge_sight(*connector, transaction, at, is_past)
            }
            Told::Stop { transaction: None, .. } => Past::TooLate,
            Told::Stop { transaction: Some(transaction), session, meter_wh, .. } => {
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

    fn judge_sight(
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

    /// Whether a start without an id on `connector` is remembered from before `at`: a stop may be of that one.
    fn may_end_nameless(&self, connector: ConnectorId, at: DateTime<Utc>) -> bool {
        self.facts.iter().filter(|fact| fact.stamp.at <= at).any(|fact| {
            matches!(&fact.told, Told::Start { connector: c, transaction: None, .. } if *c == connector)
        })
    }

    /// Holds again what was said of sessions on the connector of `fact` that nothing had ended by then: another one that it opens
    /// there ends them.
    fn restore_ended_by(&mut self, fact: &Fact) {
        let (Told::Start { connector, .. } | Told::Sight { connector, .. }) = &fact.told else { return };
        let ends = |held: &&ChargingSession| {
            held.may_go_on(fact.stamp.at)
                && held.connector_id == *connector
                && held.started_at <= fact.stamp.at
        };
        let ended: Vec<_> = self.recalled.sessions().filter(ends).cloned().collect();
        ended.iter().for_each(|session| self.restore(session));
    }

    /// When the next session on the connector of `session`, which is recorded, began, unless a stop ended `session`.
    fn next_after(&self, session: &ChargingSession) -> Option<DateTime<Utc>> {
        match &session.state {
            SessionState::Open => self.recalled.next_on(session.connector_id, session.started_at),
            SessionState::Ended { at, .. } => session.is_superseded().then_some(*at),
        }
    }

    /// Holds again what was said of `session`, so far as its record says, unless it is remembered.
    fn restore(&mut self, session: &ChargingSession) {
        let is_held = self.facts.iter().any(|fact| fact.told.session() == Some(session.id));
        if is_held {
            return;
        }
        let until = self.next_after(session);
        self.facts.extend(Fact::restored(session, until));
        self.dropped.remove(&session.id);
        self.recalled.restored.push(session.clone());
    }
}

impl Told {
    /// The transaction id that is named.
    pub(super) const fn names(&self) -> Option<&TransactionId> {
        match self {
            Self::Start { transaction, .. } | Self::Stop { transaction, .. } => transaction.as_ref(),
            Self::Sight { transaction, .. } => Some(transaction),
        }
    }

    /// The session that it opens.
    const fn session(&self) -> Option<SessionId> {
        match self {
            Self::Start { session, .. } => Some(*session),
            Self::Sight { session, .. } | Self::Stop { session, .. } => *session,
        }
    }

    /// Bounds the session that it opens by the next one that is recorded on its connector.
    fn end_by(&mut self, next_on: impl Fn(ConnectorId) -> Option<DateTime<Utc>>) {
        match self {
            Self::Start { connector, until, .. } | Self::Sight { connector, until, .. } => {
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

    /// Whether a start on `connector` at `at`, before the session that began at `next` there, is of this session, which rests
    /// on weaker evidence.
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
    /// What the ledger had held of `session`, so far as its record says. `until` is when the next session on its connector
    /// began, if that ended it.
    fn restored(session: &ChargingSession, until: Option<DateTime<Utc>>) -> Vec<Self> {
        let (high, low) = session.id.0.as_u64_pair();
        let key = i64::from_ne_bytes((high ^ low).to_ne_bytes());
        let fact = |at, key, told| Self {
            stamp: Stamp { at, appended_at: at, partition: -1, offset: 0 },
            event: EventKey(key),
            told,
        };
        let began = match (&session.transaction_id, session.started_by) {
            (Some(transaction), StartedBy::Readings | StartedBy::Stop) => Told::Sight {
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
            (transaction, _) => Told::Start {
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
                let told = Told::Stop {
                    transaction: session.transaction_id.clone(),
                    reason: reason.clone(),
                    meter_wh: *meter_stop_wh,
                    session: None,
                    places: Vec::new(),
                    command: None,
                    id_tag: None,
                };
                Some(fact(*at, !key, told))
            }
            _ => None,
        };
        [fact(session.started_at, key, began)].into_iter().chain(ended).collect()
    }
}
