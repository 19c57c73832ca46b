//! Facts that are older than what a ledger remembers: whether they are of a session that is known, or late history.

use super::derive::SAME_CHARGE;
use super::{Entered, Fact, Ledger, Told};
use crate::ids::{EventKey, TransactionId};
use crate::order::Stamp;
use crate::session::{ChargingSession, StartedBy};
use chrono::{DateTime, Utc};

/// What a fact is that is older than what the ledger remembers.
enum Past {
    /// Of a session that is known.
    Known,
    /// Of a session that is not known: a device or a gateway sends it late.
    History,
    /// The end of a session that the ledger lost.
    EndOf(Box<ChargingSession>),
    /// It cannot be told.
    TooLate,
}

impl Ledger {
    /// Since when the ledger remembers all that was reported of transactions; `None` when it has forgotten nothing.
    #[must_use]
    pub const fn remembers_since(&self) -> Option<DateTime<Utc>> {
        self.settled_until
    }

    /// Lends the ledger the device's recorded sessions of a time that it does not remember itself, so that facts of that time
    /// find their place. Not stored with it.
    pub fn recall(&mut self, recorded: Vec<ChargingSession>) {
        self.recalled = Some(recorded);
    }

    /// Takes in a fact that is older than what the ledger remembers; `None` when it is to be entered like any other.
    pub(super) fn enter_past(&mut self, fact: &Fact) -> Option<Entered> {
        match self.judge_past(fact) {
            Past::Known => Some(Entered::Known),
            Past::TooLate => Some(Entered::TooLate),
            Past::History => None,
            Past::EndOf(session) => {
                self.facts.push(Fact::restored(&session));
                None
            }
        }
    }

    fn judge_past(&self, fact: &Fact) -> Past {
        let Some(recorded) = &self.recalled else { return Past::TooLate };
        let at = fact.stamp.at;
        let is_known = match &fact.told {
            Told::Start { session, connector, transaction, .. } => recorded.iter().any(|held| {
                held.id == *session
                    || held.connector_id == *connector
                        && (held.started_at == at
                            || held.is_named(transaction.as_ref()) && held.was_open_at(at))
            }),
            Told::Sight { connector, transaction, .. } => recorded.iter().any(|held| {
                held.connector_id == *connector
                    && held.is_named(Some(transaction))
                    && held.started_at <= at + SAME_CHARGE
            }),
            Told::Stop { transaction: None, .. } => return Past::TooLate,
            Told::Stop { transaction, session, meter_wh, .. } => {
                let named = recorded.iter().filter(|held| {
                    held.is_named(transaction.as_ref()) && held.started_at <= at + SAME_CHARGE
                });
                match named.max_by_key(|held| held.started_at) {
                    Some(held) => return held.judge_stop(at, *meter_wh),
                    None => recorded.iter().any(|held| Some(held.id) == *session),
                }
            }
        };
        if is_known { Past::Known } else { Past::History }
    }
}

impl ChargingSession {
    fn is_named(&self, transaction: Option<&TransactionId>) -> bool {
        transaction.is_some() && self.transaction_id.as_ref() == transaction
    }

    fn was_open_at(&self, at: DateTime<Utc>) -> bool {
        self.started_at <= at && self.ended_at().is_none_or(|end| at <= end)
    }

    /// What a stop at `at`, with this register, is to a session with its id.
    fn judge_stop(&self, at: DateTime<Utc>, meter_wh: Option<f64>) -> Past {
        match self.ended_at() {
            Some(end) if self.is_superseded() && at < end => Past::EndOf(Box::new(self.clone())),
            Some(end) if at <= end + SAME_CHARGE || self.is_superseded() => Past::Known,
            Some(_) if meter_wh.is_none() || meter_wh == self.meter_stop_wh() => Past::Known,
            Some(_) => Past::History,
            None => Past::EndOf(Box::new(self.clone())),
        }
    }
}

impl Fact {
    /// What the ledger had held of `session`, so far as its record says.
    fn restored(session: &ChargingSession) -> Self {
        let at = session.started_at;
        let (high, low) = session.id.0.as_u64_pair();
        Self {
            stamp: Stamp { at, appended_at: at, partition: -1, offset: 0 },
            event: EventKey(i64::from_ne_bytes((high ^ low).to_ne_bytes())),
            told: match (&session.transaction_id, session.started_by) {
                (Some(transaction), StartedBy::Readings | StartedBy::Stop) => Told::Sight {
                    connector: session.connector_id,
                    transaction: transaction.clone(),
                    session: Some(session.id),
                    id_tag: session.id_tag.clone(),
                    meter_wh: session.meter_start_wh,
                    command: session.command_id,
                    began: None,
                    ready: None,
                },
                (transaction, _) => Told::Start {
                    session: session.id,
                    connector: session.connector_id,
                    transaction: transaction.clone(),
                    id_tag: session.id_tag.clone(),
                    meter_wh: session.meter_start_wh,
                    reservation: session.reservation_id,
                    command: session.command_id,
                },
            },
        }
    }
}
