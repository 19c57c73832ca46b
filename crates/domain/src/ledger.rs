//! The sessions of a charge point, derived from what was said of its transactions.
//!
//! Starts, stops and first sights of a transaction id are kept as a set of facts; the sessions are a pure function of that
//! set: the facts are told again in the order of their stamps, whatever order they arrived in. So a duplicate changes
//! nothing, and an id or a start that comes late finds its place. (Gateway contract, "Sessions".)

mod derive;

pub use derive::{Derived, Unplaced};

use crate::event::{TransactionStart, TransactionStop};
use crate::ids::{ChargePointId, CommandId, ConnectorId, EventId, EventKey, IdTag, SessionId, TransactionId};
use crate::order::Stamp;
use crate::session::ChargingSession;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What was said of the recent transactions of a charge point.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// The facts, in the order of their stamps.
    facts: Vec<Fact>,
    /// Facts older than this were settled and forgotten; what comes of before is too late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settled_until: Option<DateTime<Utc>>,
}

/// One thing said of a transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Its place in the order of events.
    pub stamp: Stamp,
    /// The event that said so.
    pub event: EventKey,
    /// What it said.
    pub told: Told,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// A transaction began.
    Start {
        /// The session that it opens.
        session: SessionId,
        /// Where.
        connector: ConnectorId,
        /// Its id, when already told.
        transaction: Option<TransactionId>,
        /// Who charges.
        id_tag: Option<IdTag>,
        /// Energy register, in Wh.
        meter_wh: Option<f64>,
        /// The reservation that it fulfils.
        reservation: Option<i64>,
        /// The command that it was started by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<CommandId>,
    },
    /// This id was in use on this connector.
    Sight {
        /// Where.
        connector: ConnectorId,
        /// The id.
        transaction: TransactionId,
    },
    /// A transaction ended.
    Stop {
        /// Its id, when told.
        transaction: Option<TransactionId>,
        /// Why.
        reason: Option<String>,
        /// Energy register, in Wh.
        meter_wh: Option<f64>,
    },
}

/// What became of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// It is new.
    New,
    /// It was known already.
    Known,
    /// It is older than what the ledger still remembers.
    TooLate,
}

impl Ledger {
    /// Sessions that ended and are still remembered, so that what comes late or twice finds them.
    pub const REMEMBERED_SESSIONS: usize = 8;
    /// The most facts that a settled ledger holds.
    pub const MAX_FACTS: usize = 128;
    /// The most facts that come together before they are settled.
    const OVERFULL: usize = 4 * Self::MAX_FACTS;

    /// Enters the start that `event` tells, which opens `session`.
    pub fn enter_start(
        &mut self,
        session: SessionId,
        event: &EventId,
        start: &TransactionStart,
        stamp: Stamp,
    ) -> Entered {
        self.enter(Fact {
            stamp,
            event: EventKey::of(event),
            told: Told::Start {
                session,
                connector: start.connector_id,
                transaction: start.transaction_id.clone(),
                id_tag: start.id_tag.clone(),
                meter_wh: start.meter_start_wh,
                reservation: start.reservation_id,
                command: None,
            },
        })
    }

    /// Notes that `session` was started by the command `cause`.
    pub fn note_cause(&mut self, session: SessionId, cause: CommandId) {
        for fact in &mut self.facts {
            if let Told::Start { session: id, command, .. } = &mut fact.told
                && *id == session
            {
                *command = Some(cause);
            }
        }
    }

    /// Enters that `transaction` was in use on `connector`; only the first sight of an id matters.
    pub fn enter_sight(
        &mut self,
        event: &EventId,
        connector: ConnectorId,
        transaction: &TransactionId,
        stamp: Stamp,
    ) -> Entered {
        let same = |told: &Told| matches!(told, Told::Sight { connector: c, transaction: t } if *c == connector && t == transaction);
        if self.facts.iter().any(|fact| same(&fact.told) && fact.stamp <= stamp) {
            return Entered::Known;
        }
        let told = Told::Sight { connector, transaction: transaction.clone() };
        let entered = self.enter(Fact { stamp, event: EventKey::of(event), told });
        if entered == Entered::New {
            let mut seen = false;
            // Only the earliest sight stays; facts are in order.
            self.facts.retain(|fact| !same(&fact.told) || !std::mem::replace(&mut seen, true));
        }
        entered
    }

    /// Enters the stop that `event` tells.
    pub fn enter_stop(&mut self, event: &EventId, stop: &TransactionStop, stamp: Stamp) -> Entered {
        self.enter(Fact {
            stamp,
            event: EventKey::of(event),
            told: Told::Stop {
                transaction: stop.transaction_id.clone(),
                reason: stop.reason.clone(),
                meter_wh: stop.meter_stop_wh,
            },
        })
    }

    /// The sessions that the facts tell of.
    #[must_use]
    pub fn derive(&self, charge_point: &ChargePointId) -> Derived {
        derive::derive(charge_point, &self.facts)
    }

    /// Whether a session that began at `started_at` would still be told of: it was not settled and forgotten.
    #[must_use]
    pub fn remembers(&self, started_at: DateTime<Utc>) -> bool {
        self.settled_until.is_none_or(|horizon| started_at > horizon)
    }

    /// Whether it holds more than any sensible batch leads to.
    #[must_use]
    pub(crate) const fn is_overfull(&self) -> bool {
        self.facts.len() > Self::OVERFULL
    }

    /// Forgets what is settled for good: all that was said of ended sessions, but for the last few.
    pub fn settle(&mut self, charge_point: &ChargePointId) {
        let derived = self.derive(charge_point);
        let ended: Vec<_> = derived.sessions.iter().filter(|session| !session.is_open()).collect();
        let surplus = ended.len().saturating_sub(Self::REMEMBERED_SESSIONS);
        for session in ended.into_iter().take(surplus) {
            self.settled_until = self.settled_until.max(Some(session.started_at));
            self.facts.retain(|fact| !fact.tells_of(session));
        }
        self.forget_surplus();
    }

    /// Keeps a device that talks nonsense from growing without bound.
    fn forget_surplus(&mut self) {
        let surplus = self.facts.len().saturating_sub(Self::MAX_FACTS);
        if let Some(oldest_kept) = self.facts.get(surplus).filter(|_| surplus > 0) {
            self.settled_until = self.settled_until.max(Some(oldest_kept.stamp.at));
            self.facts.drain(..surplus);
        }
    }

    fn enter(&mut self, fact: Fact) -> Entered {
        let same = |held: &&mut Fact| {
            held.event == fact.event
                && std::mem::discriminant(&held.told) == std::mem::discriminant(&fact.told)
        };
        match self.facts.iter_mut().find(same) {
            Some(held) if fact.stamp >= held.stamp => return Entered::Known,
            Some(held) => held.replace(fact),
            None if self.settled_until.is_some_and(|horizon| fact.stamp.at <= horizon) => {
                return Entered::TooLate;
            }
            None => self.facts.push(fact),
        }
        self.facts.sort_by_key(|fact| fact.stamp);
        Entered::New
    }
}

impl Fact {
    /// Takes the place of the same fact told with a later stamp; what caused it stays known.
    fn replace(&mut self, mut earlier: Self) {
        if let (Told::Start { command: known, .. }, Told::Start { command, .. }) =
            (&self.told, &mut earlier.told)
        {
            *command = *known;
        }
        *self = earlier;
    }

    /// Whether it was said of `session`, which has ended.
    fn tells_of(&self, session: &ChargingSession) -> bool {
        let named = |id: &Option<TransactionId>| id.is_some() && *id == session.transaction_id;
        match &self.told {
            Told::Start { session: id, transaction, .. } => *id == session.id || named(transaction),
            Told::Sight { transaction, .. } => session.transaction_id.as_ref() == Some(transaction),
            Told::Stop { transaction: None, .. } => session.ended_at() == Some(self.stamp.at),
            Told::Stop { transaction, .. } => named(transaction),
        }
    }
}
