//! Links each commanded start to the session that is its effect.
//!
//! The links are derived again from all sessions whenever a fact is added, so that the order of
//! arrival makes no difference. The result is stored with the facts, because a command is no longer
//! loaded once its session is known.

use super::derive::{Track, derive};
use super::{Fact, FactKind, Ledger};
use crate::commands::{CommandedStart, Evidence};
use crate::ids::{ChargePointId, CommandId, IdTag, SessionId};
use crate::sessions::session::StartedBy;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

impl Ledger {
    /// Links the sessions to the starts that caused them: those in `commanded` and those that were
    /// linked before.
    pub(crate) fn link_starts(
        &mut self,
        charge_point: &ChargePointId,
        commanded: impl IntoIterator<Item = CommandedStart>,
    ) {
        let known = std::mem::take(&mut self.starts);
        let starts: BTreeMap<CommandId, CommandedStart> =
            known.into_iter().chain(commanded).map(|start| (start.command, start)).collect();
        if starts.is_empty() {
            return;
        }
        for Fact { kind, .. } in &mut self.facts {
            if kind.cause().is_some_and(|(command, _)| starts.contains_key(&command)) {
                kind.clear_cause();
            }
        }
        let tracks = derive(charge_point, &self.facts, &self.forgotten).tracks;
        let links = link(&self.evidence(&tracks), &starts);
        for Fact { kind, .. } in &mut self.facts {
            let start = kind.opens().and_then(|session| links.get(&session)).and_then(|id| starts.get(id));
            if let Some(start) = start {
                kind.set_cause(start.command, &start.id_tag);
            }
        }
        let linked: BTreeSet<&CommandId> = links.values().collect();
        self.starts = starts.into_values().filter(|start| linked.contains(&start.command)).collect();
    }

    /// Forgets the commanded starts whose sessions are forgotten.
    pub(super) fn forget_starts(&mut self) {
        let named: BTreeSet<CommandId> =
            self.facts.iter().filter_map(|fact| fact.kind.cause()).map(|(command, _)| command).collect();
        self.starts.retain(|start| named.contains(&start.command));
    }

    /// The evidence of the sessions in `tracks` without a known cause, in the order in which the
    /// sessions began; sessions with a reported driver come first.
    fn evidence<'a>(&self, tracks: &'a [Track]) -> Vec<(SessionId, Evidence<'a>)> {
        let mut all: Vec<_> = tracks.iter().filter_map(|track| self.evidence_of(track)).collect();
        all.sort_by_key(|(id, evidence)| (evidence.id_tag.is_none(), evidence.began_at(), *id));
        all
    }

    fn evidence_of<'a>(&self, track: &'a Track) -> Option<(SessionId, Evidence<'a>)> {
        let session = &track.session;
        if session.command_id.is_some() {
            return None;
        }
        let opened = self.facts.iter().find(|fact| fact.kind.opens() == Some(session.id))?;
        let evidence = Evidence {
            connector: session.connector_id,
            id_tag: session.id_tag.as_ref(),
            stamp: opened.stamp,
            is_start: session.started_by == StartedBy::Event,
            charging_since: track.charging_since,
        };
        Some((session.id, evidence))
    }
}

/// Assigns to each session the start that may have caused it: the newest one issued before the
/// session began, otherwise the one issued last. A start has at most one effect.
fn link(
    sessions: &[(SessionId, Evidence<'_>)],
    starts: &BTreeMap<CommandId, CommandedStart>,
) -> BTreeMap<SessionId, CommandId> {
    let mut free: Vec<&CommandedStart> = starts.values().collect();
    free.sort_by_key(|start| Reverse((start.issued_at, start.command)));
    let mut links = BTreeMap::new();
    for (session, evidence) in sessions {
        let may_be_cause = |start: &&CommandedStart| start.may_cause(evidence);
        let is_before = |start: &CommandedStart| evidence.began_at().is_some_and(|at| start.issued_at <= at);
        let before = free.iter().position(|start| may_be_cause(start) && is_before(start));
        if let Some(place) = before.or_else(|| free.iter().position(may_be_cause)) {
            links.insert(*session, free.remove(place).command);
        }
    }
    links
}

impl Fact {
    /// The command that caused the session of the fact, and the driver that the command was for.
    pub(super) const fn cause(&self) -> Option<(CommandId, Option<&IdTag>)> {
        self.kind.cause()
    }

    /// Copies the cause of the session from `other`, the same fact with another stamp.
    pub(super) fn keep_cause(&mut self, other: &Self) {
        if let Some((command, Some(id_tag))) = other.cause() {
            let id_tag = id_tag.clone();
            self.kind.set_cause(command, &id_tag);
        }
    }
}

impl FactKind {
    /// The session that the fact opens, if it opens one.
    pub(super) const fn opens(&self) -> Option<SessionId> {
        match self {
            Self::Start { session, .. } => Some(*session),
            Self::Sighting { session, .. } | Self::Stop { session, .. } => *session,
        }
    }

    /// The driver that the event reported.
    pub(super) const fn reported_tag(&self) -> Option<&IdTag> {
        match self {
            Self::Start { id_tag, tag_of_command: false, .. }
            | Self::Sighting { id_tag, tag_of_command: false, .. } => id_tag.as_ref(),
            Self::Start { .. } | Self::Sighting { .. } | Self::Stop { .. } => None,
        }
    }

    const fn cause(&self) -> Option<(CommandId, Option<&IdTag>)> {
        let (Self::Start { command, id_tag, .. }
        | Self::Sighting { command, id_tag, .. }
        | Self::Stop { command, id_tag, .. }) = self;
        match command {
            Some(command) => Some((*command, id_tag.as_ref())),
            None => None,
        }
    }

    fn set_cause(&mut self, cause: CommandId, driver: &IdTag) {
        match self {
            Self::Start { command, id_tag, tag_of_command, .. }
            | Self::Sighting { command, id_tag, tag_of_command, .. } => {
                *command = Some(cause);
                if id_tag.is_none() {
                    *id_tag = Some(driver.clone());
                    *tag_of_command = true;
                }
            }
            Self::Stop { command, id_tag, .. } => {
                *command = Some(cause);
                *id_tag = Some(driver.clone());
            }
        }
    }

    fn clear_cause(&mut self) {
        match self {
            Self::Start { command, id_tag, tag_of_command, .. }
            | Self::Sighting { command, id_tag, tag_of_command, .. } => {
                *command = None;
                if std::mem::take(tag_of_command) {
                    *id_tag = None;
                }
            }
            Self::Stop { command, id_tag, .. } => {
                *command = None;
                *id_tag = None;
            }
        }
    }
}
