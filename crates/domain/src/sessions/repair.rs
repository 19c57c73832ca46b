//! Recorded sessions that differ from what their device's ledger derives: an earlier release derived them by other rules,
//! or the ledger lost the facts.

use crate::devices::charge_point::ChargePoint;
use crate::feed::{FeedChange, FeedKind, FeedSubject, SessionChanged};
use crate::sessions::session::{ChargingSession, SUPERSEDED, SessionState};

/// A session whose record is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    /// What is wrong.
    pub defect: Defect,
    /// The record; `None` where it is missing.
    pub recorded: Option<ChargingSession>,
    /// What it must be. The record itself where nothing says what it must be.
    pub correct: ChargingSession,
}

/// What is wrong with the record of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// The ledger derives it otherwise.
    Differs,
    /// The ledger derives it, and it is not recorded.
    Missing,
    /// It is open and the ledger has forgotten it; another session began on its connector since.
    Overtaken,
    /// It is open and the ledger has forgotten it; nothing says when it ended. It is left as it is.
    Unexplained,
}

impl Defect {
    /// The reason, for an operator.
    #[must_use]
    pub const fn explain(self) -> &'static str {
        match self {
            Self::Differs => "the events say otherwise",
            Self::Missing => "the events report it, and it is not recorded",
            Self::Overtaken => "another session has begun on its connector since",
            Self::Unexplained => "nothing says when it ended; it is left as it is",
        }
    }

    /// Whether the record can be corrected.
    #[must_use]
    pub const fn is_correctable(self) -> bool {
        !matches!(self, Self::Unexplained)
    }
}

impl Repair {
    /// The correction, as the feed publishes it.
    #[must_use]
    pub fn to_change(&self, state: &ChargePoint) -> FeedChange {
        FeedChange {
            subject: FeedSubject::ChargePoint(state.id.clone()),
            at: state.liveness.last_seen_at,
            kind: FeedKind::SessionChanged(SessionChanged::of(&self.correct)),
        }
    }
}

/// Compares `recorded`, the device's newest sessions and all that are open, with what the ledger of `state` derives. No
/// session is removed or opened again: of what a ledger lost, the record is all that is left.
#[must_use]
pub fn find_repairs(state: &ChargePoint, recorded: &[ChargingSession]) -> Vec<Repair> {
    let derived = state.sessions().sessions;
    let mut repairs: Vec<Repair> = derived.iter().filter_map(|session| compare(session, recorded)).collect();
    let is_forgotten =
        |held: &&ChargingSession| held.is_open() && derived.iter().all(|session| session.id != held.id);
    repairs.extend(recorded.iter().filter(is_forgotten).map(|held| conclude(held, recorded, &derived)));
    repairs
}

/// What is wrong with the record of `derived`.
fn compare(derived: &ChargingSession, recorded: &[ChargingSession]) -> Option<Repair> {
    let Some(held) = recorded.iter().find(|held| held.id == derived.id) else {
        return Some(Repair { defect: Defect::Missing, recorded: None, correct: derived.clone() });
    };
    let correct = ChargingSession {
        transaction_id: derived.transaction_id.clone().or_else(|| held.transaction_id.clone()),
        id_tag: derived.id_tag.clone().or_else(|| held.id_tag.clone()),
        reservation_id: derived.reservation_id.or(held.reservation_id),
        command_id: derived.command_id.or(held.command_id),
        meter_start_wh: derived.meter_start_wh.or(held.meter_start_wh),
        state: if derived.is_open() { held.state.clone() } else { derived.state.clone() },
        ..derived.clone()
    };
    (*held != correct).then(|| Repair { defect: Defect::Differs, recorded: Some(held.clone()), correct })
}

/// What is wrong with `held`, which is open and which the ledger does not derive.
fn conclude(held: &ChargingSession, recorded: &[ChargingSession], derived: &[ChargingSession]) -> Repair {
    let later = recorded.iter().chain(derived).filter(|other| {
        other.id != held.id && other.connector_id == held.connector_id && other.started_at >= held.started_at
    });
    let (defect, correct) = match later.map(|other| other.started_at).min() {
        Some(at) => {
            let reason = Some(SUPERSEDED.to_owned());
            let state = SessionState::Ended { at, reason, meter_stop_wh: None };
            (Defect::Overtaken, ChargingSession { state, ..held.clone() })
        }
        None => (Defect::Unexplained, held.clone()),
    };
    Repair { defect, recorded: Some(held.clone()), correct }
}
