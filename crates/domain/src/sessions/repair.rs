//! Recorded sessions that differ from what the ledger of their device derives: an earlier release
//! derived them by other rules, or the ledger lost the facts.

use crate::devices::charge_point::ChargePoint;
use crate::feed::{FeedChange, FeedKind, FeedSubject, SessionChanged};
use crate::sessions::session::{ChargingSession, SUPERSEDED, SessionState};

/// A session with an incorrect record.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    /// The defect of the record.
    pub defect: Defect,
    /// The record; `None` if it is missing.
    pub recorded: Option<ChargingSession>,
    /// The correct session; equal to the record if the correct values are unknown.
    pub correct: ChargingSession,
}

/// The defect of a session's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// The ledger derives a different session.
    Differs,
    /// The ledger derives the session, but it is not recorded.
    Missing,
    /// The session is open and the ledger has forgotten it; another session has since begun on its
    /// connector.
    Overtaken,
    /// The session is open and the ledger has forgotten it; its end is unknown. It is left
    /// unchanged.
    Unexplained,
}

impl Defect {
    /// The reason, for operators.
    #[must_use]
    pub const fn explain(self) -> &'static str {
        match self {
            Self::Differs => "the events lead to a different session",
            Self::Missing => "the events report it, and it is not recorded",
            Self::Overtaken => "another session has begun on its connector since",
            Self::Unexplained => "no event shows when it ended; it is left unchanged",
        }
    }

    /// Whether the record can be corrected.
    #[must_use]
    pub const fn is_correctable(self) -> bool {
        !matches!(self, Self::Unexplained)
    }
}

impl Repair {
    /// The correction as a change for the feed.
    #[must_use]
    pub fn to_change(&self, state: &ChargePoint) -> FeedChange {
        FeedChange {
            subject: FeedSubject::ChargePoint(state.id.clone()),
            at: state.liveness.last_seen_at,
            kind: FeedKind::SessionChanged(SessionChanged::of(&self.correct)),
        }
    }
}

/// Compares `recorded`, the device's newest sessions and all open ones, with the sessions that the
/// ledger of `state` derives. No session is removed or reopened: if the ledger lost the facts, the
/// record is the only evidence.
#[must_use]
pub fn find_repairs(state: &ChargePoint, recorded: &[ChargingSession]) -> Vec<Repair> {
    let derived = state.sessions().sessions;
    let mut repairs: Vec<Repair> = derived.iter().filter_map(|session| compare(session, recorded)).collect();
    let is_forgotten =
        |held: &&ChargingSession| held.is_open() && derived.iter().all(|session| session.id != held.id);
    repairs.extend(recorded.iter().filter(is_forgotten).map(|held| conclude(held, recorded, &derived)));
    repairs
}

/// The defect of the record of `derived`, if it has one.
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

/// The defect of `held`, an open session that the ledger does not derive.
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
