//! What a batch of events changed: the difference between two states of a charge point.

use crate::charge_point::ChargePoint;
use crate::ids::{ConnectorId, SessionId};
use crate::session::ChargingSession;

/// What is to be written of a charge point.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Liveness, boot report or memory changed.
    pub charge_point: bool,
    /// Connectors that changed or are new.
    pub connectors: Vec<ConnectorId>,
    /// The ledger changed.
    pub ledger: bool,
    /// Sessions that changed or are new.
    pub sessions: Vec<ChargingSession>,
    /// Sessions that never were: what came late tells the story otherwise.
    pub withdrawn: Vec<SessionId>,
}

impl ChargePoint {
    /// What is different from `before`, an earlier state of the same charge point.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Changes {
        let connectors = self.connectors.values();
        let changed = connectors.filter(|now| before.connectors.get(&now.id) != Some(now));
        let ledger = self.ledger != before.ledger;
        let (sessions, withdrawn) = if ledger { self.sessions_since(before) } else { Default::default() };
        Changes {
            charge_point: self.liveness != before.liveness
                || self.boot != before.boot
                || self.clockless != before.clockless,
            connectors: changed.map(|connector| connector.id).collect(),
            ledger,
            sessions,
            withdrawn,
        }
    }

    fn sessions_since(&self, before: &Self) -> (Vec<ChargingSession>, Vec<SessionId>) {
        let known = before.sessions().sessions;
        let mut now = self.sessions().sessions;
        // One that was only forgotten stands as it was.
        let is_withdrawn = |gone: &&ChargingSession| {
            now.iter().all(|session| session.id != gone.id) && self.ledger.remembers(gone.started_at)
        };
        let withdrawn = known.iter().filter(is_withdrawn).map(|session| session.id).collect();
        now.retain(|session| !known.contains(session));
        (now, withdrawn)
    }
}
