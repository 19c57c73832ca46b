//! The changes that a batch of events makes: the difference between two states of a charge point.

use crate::commands::CommandRecord;
use crate::devices::charge_point::ChargePoint;
use crate::ids::{CommandId, ConnectorId, SessionId};
use crate::sessions::session::ChargingSession;
use std::collections::BTreeSet;

/// The parts of a charge point that must be written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Whether liveness, boot report or the remembered events changed.
    pub charge_point: bool,
    /// Connectors that are new or changed.
    pub connectors: Vec<ConnectorId>,
    /// Whether the ledger changed.
    pub ledger: bool,
    /// Sessions that are new or changed.
    pub sessions: Vec<ChargingSession>,
    /// Sessions that did not take place: late facts lead to other sessions.
    pub withdrawn: Vec<SessionId>,
    /// Commands with new steps.
    pub commands: Vec<CommandId>,
    /// Commands that are not loaded because they have ended, and whose effect is now another
    /// session or none.
    pub relinked: Vec<CommandId>,
}

/// The differences between the sessions of two states of a charge point.
#[derive(Default)]
pub(crate) struct SessionChanges {
    /// New and changed sessions, each as a pair of the former and the current session.
    pub changed: Vec<(Option<ChargingSession>, ChargingSession)>,
    /// Sessions that did not take place, in their former state.
    pub withdrawn: Vec<ChargingSession>,
}

impl ChargePoint {
    /// The differences from `before`, an earlier state of the same charge point.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Changes {
        let connectors = self.connectors.values();
        let changed = connectors.filter(|now| before.connectors.get(&now.id) != Some(now));
        let ledger = self.ledger != before.ledger;
        let sessions = if ledger { self.sessions_since(before) } else { SessionChanges::default() };
        Changes {
            charge_point: self.liveness != before.liveness
                || self.boot != before.boot
                || self.boot_probe.answer != before.boot_probe.answer
                || self.implausible_clock != before.implausible_clock
                || self.ledger_until != before.ledger_until,
            connectors: changed.map(|connector| connector.id).collect(),
            ledger,
            sessions: sessions.changed.into_iter().map(|(_, session)| session).collect(),
            withdrawn: sessions.withdrawn.into_iter().map(|session| session.id).collect(),
            commands: self.commands_since(before).map(|(_, record)| record.id).collect(),
            relinked: if ledger { self.relinked_since(before) } else { Vec::new() },
        }
    }

    fn relinked_since(&self, before: &Self) -> Vec<CommandId> {
        let links = |state: &Self| -> BTreeSet<(CommandId, SessionId)> {
            let sessions = state.sessions().sessions.into_iter();
            sessions.filter_map(|session| Some((session.command_id?, session.id))).collect()
        };
        let (was, now) = (links(before), links(self));
        let changed: BTreeSet<CommandId> =
            was.symmetric_difference(&now).map(|(command, _)| *command).collect();
        changed.into_iter().filter(|command| self.commands.get(*command).is_none()).collect()
    }

    /// The commands with more steps than in `before`, each as a pair of the former and the current
    /// record.
    pub(crate) fn commands_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = (&'a CommandRecord, &'a CommandRecord)> {
        let pairs = self.commands.iter().filter_map(|now| Some((before.commands.get(now.id)?, now)));
        pairs.filter(|(was, now)| was.life != now.life)
    }

    /// The differences between these sessions and those of `before`, an earlier state of the same
    /// charge point.
    pub(crate) fn sessions_since(&self, before: &Self) -> SessionChanges {
        let mut known = before.sessions().sessions;
        known.extend_from_slice(self.ledger.restored());
        let now = self.sessions().sessions;
        // A session that was only forgotten stays as recorded.
        let is_withdrawn = |gone: &&ChargingSession| {
            now.iter().all(|session| session.id != gone.id) && !self.ledger.has_dropped(gone.id)
        };
        let withdrawn = known.iter().filter(is_withdrawn).cloned().collect();
        let was = |id| known.iter().find(|session| session.id == id).cloned();
        let changed = now.into_iter().map(|session| (was(session.id), session));
        SessionChanges {
            changed: changed.filter(|(was, session)| was.as_ref() != Some(session)).collect(),
            withdrawn,
        }
    }
}
