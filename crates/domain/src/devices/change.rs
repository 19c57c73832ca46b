//! What a batch of events changed: the difference between two states of a charge point.

use crate::commands::CommandRecord;
use crate::devices::charge_point::ChargePoint;
use crate::ids::{CommandId, ConnectorId, SessionId};
use crate::sessions::session::ChargingSession;
use std::collections::BTreeSet;

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
    /// Commands of which more is known.
    pub commands: Vec<CommandId>,
    /// Commands that are not loaded, for they have ended, and whose effect is now another session, or none.
    pub relinked: Vec<CommandId>,
}

/// How sessions differ between two states of a charge point.
#[derive(Default)]
pub(crate) struct SessionChanges {
    /// Those that are new or stand otherwise, each after how it stood before.
    pub changed: Vec<(Option<ChargingSession>, ChargingSession)>,
    /// Those that never were, as they stood before.
    pub withdrawn: Vec<ChargingSession>,
}

impl ChargePoint {
    /// What is different from `before`, an earlier state of the same charge point.
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
                || self.clockless != before.clockless
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

    /// The commands of which more is known than in `before`, each after how it stood there.
    pub(crate) fn commands_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = (&'a CommandRecord, &'a CommandRecord)> {
        let pairs = self.commands.iter().filter_map(|now| Some((before.commands.get(now.id)?, now)));
        pairs.filter(|(was, now)| was.life != now.life)
    }

    /// How the sessions differ from those of `before`, an earlier state of the same charge point.
    pub(crate) fn sessions_since(&self, before: &Self) -> SessionChanges {
        let mut known = before.sessions().sessions;
        known.extend_from_slice(self.ledger.restored());
        let now = self.sessions().sessions;
        // One that was only forgotten stands as it was.
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
