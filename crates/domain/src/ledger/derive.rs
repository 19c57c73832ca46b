//! From facts in order to sessions.

use super::{Fact, Told};
use crate::ids::{ChargePointId, ConnectorId, EventKey, TransactionId};
use crate::order::Stamp;
use crate::session::{ChargingSession, SessionState};
use chrono::{DateTime, Utc};

/// The sessions that a ledger tells of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Derived {
    /// In the order in which they began.
    pub sessions: Vec<ChargingSession>,
    /// Stops that ended no session, with the reason.
    pub unplaced: Vec<(EventKey, Unplaced)>,
}

/// Why a stop ended no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unplaced {
    /// No open session that it could belong to.
    NoOpenSession,
    /// It could belong to two or more open sessions: none is ended on a guess.
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

struct PendingStop<'a> {
    fact: &'a Fact,
    transaction: Option<&'a TransactionId>,
    reason: Option<&'a String>,
    meter_wh: Option<f64>,
    why: Unplaced,
}

/// Tells `facts`, which are in order, once more.
pub fn derive(charge_point: &ChargePointId, facts: &[Fact]) -> Derived {
    let mut sessions: Vec<ChargingSession> = Vec::new();
    let mut pending: Vec<PendingStop<'_>> = Vec::new();
    for fact in facts {
        match &fact.told {
            Told::Start { .. } => begin(&mut sessions, charge_point, fact),
            Told::Sight { connector, transaction } => {
                if name(&mut sessions, *connector, transaction) {
                    // A session that has a name now leaves fewer for the stops that wait.
                    pending.retain_mut(|stop| !place(&mut sessions, stop));
                }
            }
            Told::Stop { transaction, reason, meter_wh } => {
                let mut stop = PendingStop {
                    fact,
                    transaction: transaction.as_ref(),
                    reason: reason.as_ref(),
                    meter_wh: *meter_wh,
                    why: Unplaced::NoOpenSession,
                };
                if !repeats_an_end(&sessions, &stop) && !place(&mut sessions, &mut stop) {
                    pending.push(stop);
                }
            }
        }
    }
    Derived { sessions, unplaced: pending.iter().map(|stop| (stop.fact.event, stop.why)).collect() }
}

fn begin(sessions: &mut Vec<ChargingSession>, charge_point: &ChargePointId, fact: &Fact) {
    let Told::Start { session, connector, transaction, id_tag, meter_wh, reservation, command } = &fact.told
    else {
        return;
    };
    // A start that is told twice, in two events, is one session as long as the id says so.
    let told = |held: &&mut ChargingSession| transaction.is_some() && held.transaction_id == *transaction;
    if let Some(held) = sessions.iter_mut().find(told) {
        held.command_id = held.command_id.or(*command);
        return;
    }
    sessions.push(ChargingSession {
        id: *session,
        charge_point_id: charge_point.clone(),
        connector_id: *connector,
        transaction_id: transaction.clone(),
        id_tag: id_tag.clone(),
        reservation_id: *reservation,
        command_id: *command,
        started_at: fact.stamp.at,
        meter_start_wh: *meter_wh,
        state: SessionState::Open,
    });
}

/// Gives `transaction` to the open session on `connector` that has no name yet, the youngest if there are several: a
/// connector charges one vehicle at a time. Says whether it did.
fn name(sessions: &mut [ChargingSession], connector: ConnectorId, transaction: &TransactionId) -> bool {
    if sessions.iter().any(|session| session.transaction_id.as_ref() == Some(transaction)) {
        return false;
    }
    let unnamed = |session: &&mut ChargingSession| {
        session.is_open() && session.connector_id == connector && session.transaction_id.is_none()
    };
    match sessions.iter_mut().rev().find(unnamed) {
        Some(session) => {
            session.transaction_id = Some(transaction.clone());
            true
        }
        None => false,
    }
}

/// A second stop of a session that has ended says nothing new.
fn repeats_an_end(sessions: &[ChargingSession], stop: &PendingStop<'_>) -> bool {
    stop.transaction.is_some()
        && sessions.iter().any(|held| !held.is_open() && held.transaction_id.as_ref() == stop.transaction)
}

/// Ends the one session that `stop` can mean; otherwise leaves all as they are and notes why. Says whether it did.
fn place(sessions: &mut [ChargingSession], stop: &mut PendingStop<'_>) -> bool {
    let Stamp { at, .. } = stop.fact.stamp;
    let named = sessions.iter().position(|held| {
        held.is_open() && stop.transaction.is_some() && held.transaction_id.as_ref() == stop.transaction
    });
    let index = match named {
        Some(index) => index,
        None => match could_end(sessions, stop, at).as_slice() {
            [only] => *only,
            candidates => {
                let none = candidates.is_empty();
                stop.why = if none { Unplaced::NoOpenSession } else { Unplaced::Ambiguous };
                return false;
            }
        },
    };
    if let Some(session) = sessions.get_mut(index) {
        session.transaction_id = session.transaction_id.take().or_else(|| stop.transaction.cloned());
        session.state =
            SessionState::Ended { at, reason: stop.reason.cloned(), meter_stop_wh: stop.meter_wh };
    }
    true
}

/// Open sessions that a stop without a known name could mean: those without a name; for a stop without one, all.
fn could_end(sessions: &[ChargingSession], stop: &PendingStop<'_>, at: DateTime<Utc>) -> Vec<usize> {
    let candidate = |session: &ChargingSession| {
        session.is_open()
            && session.started_at <= at
            && (stop.transaction.is_none() || session.transaction_id.is_none())
    };
    sessions.iter().enumerate().filter(|(_, session)| candidate(session)).map(|(index, _)| index).collect()
}
