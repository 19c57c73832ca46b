//! The life of a command: a trail of recorded steps, from which its state, effect and failure
//! follow.

mod stored;
#[cfg(test)]
mod tests;

use super::effect::{Effect, EffectKind};
use super::failure::{Failure, failure_of};
use super::state::CommandState;
use super::step::{DeviceAnswer, Step, TrailEntry};
use crate::ids::SessionId;
use crate::merged::Merged;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use stored::StoredLife;

/// The life of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredLife", into = "StoredLife")]
pub struct CommandLife {
    trail: Vec<TrailEntry>,
    /// The number of answers that were only counted because the trail is full.
    omitted: u32,
}

impl CommandLife {
    /// The maximum number of answers in the trail, except those that change the state: a gateway
    /// may repeat itself without end. Effects are always kept, because each kind of evidence is
    /// recorded once.
    pub const MAX_TRAIL: usize = 32;

    /// The life of a command that was recorded at `at`.
    #[must_use]
    pub fn accepted(at: DateTime<Utc>) -> Self {
        Self { trail: vec![TrailEntry { at, late: false, step: Step::Accepted }], omitted: 0 }
    }

    /// The life of a stop that was recorded at `at` and waits for a transaction id.
    #[must_use]
    pub fn waiting(at: DateTime<Utc>) -> Self {
        let mut life = Self::accepted(at);
        life.apply(at, Step::Waiting);
        life
    }

    /// The steps, in the order in which they were recorded.
    #[must_use]
    pub fn trail(&self) -> &[TrailEntry] {
        &self.trail
    }

    /// The number of answers that arrived after the trail was full.
    #[must_use]
    pub const fn omitted(&self) -> u32 {
        self.omitted
    }

    /// The current state.
    #[must_use]
    pub fn state(&self) -> CommandState {
        self.trail.iter().fold(CommandState::Accepted, |state, entry| state.after(&entry.step))
    }

    /// Records a step that happened at `at`.
    pub fn apply(&mut self, at: DateTime<Utc>, step: Step) -> Merged {
        if self.knows(&step) {
            return Merged::Known;
        }
        let before = self.state();
        let moved = before.after(&step) != before;
        let is_effect = matches!(step, Step::TookEffect(_));
        if !moved && !is_effect && self.trail.len() >= Self::MAX_TRAIL {
            self.omitted = self.omitted.saturating_add(1);
            return Merged::Recorded;
        }
        self.trail.push(TrailEntry { at, late: before.is_end(), step });
        if moved { Merged::Changed } else { Merged::Recorded }
    }

    /// Replaces the session of the observed effect, and its time: later facts show that it is
    /// another session.
    pub fn point_to(&mut self, session: Option<(DateTime<Utc>, SessionId)>) -> Merged {
        let is_of_session = |kind| matches!(kind, EffectKind::Charging | EffectKind::Stopped);
        let held = self.trail.iter_mut().rev().find_map(|entry| match &mut entry.step {
            Step::TookEffect(effect) if is_of_session(effect.kind) => Some((&mut entry.at, effect)),
            _ => None,
        });
        let Some((at, effect)) = held else { return Merged::Known };
        let before = (*at, effect.session_id);
        *at = session.map_or(*at, |(at, _)| at);
        effect.session_id = session.map(|(_, id)| id);
        if before == (*at, effect.session_id) { Merged::Known } else { Merged::Recorded }
    }

    /// Whether `step` was recorded before: answers are identified by their event, every other step
    /// occurs once.
    fn knows(&self, step: &Step) -> bool {
        self.trail.iter().any(|entry| match (&entry.step, step) {
            (Step::Answered(held), Step::Answered(new)) => held.event == new.event,
            (Step::TookEffect(held), Step::TookEffect(new)) => !new.is_stronger_than(*held),
            (held, new) => std::mem::discriminant(held) == std::mem::discriminant(new),
        })
    }

    /// When all replicas had the record, and its offset; `None` if not confirmed.
    #[must_use]
    pub fn published(&self) -> Option<(DateTime<Utc>, i64)> {
        self.find(|step| if let Step::Published { offset } = step { Some(*offset) } else { None })
    }

    /// The first answer of the device.
    #[must_use]
    pub fn answer(&self) -> Option<(DateTime<Utc>, &DeviceAnswer)> {
        self.find(|step| if let Step::Answered(answer) = step { Some(answer) } else { None })
    }

    /// The strongest observed effect.
    #[must_use]
    pub fn effect(&self) -> Option<(DateTime<Utc>, Effect)> {
        let effects = self.trail.iter().filter_map(|entry| match &entry.step {
            Step::TookEffect(effect) => Some((entry.at, *effect)),
            _ => None,
        });
        effects.max_by_key(|(_, effect)| effect.strength())
    }

    /// Whether a start may still begin a charge although no effect was observed yet: no other start
    /// may be sent to its connector until its time is over.
    #[must_use]
    pub fn is_start_pending(&self) -> bool {
        let charges = self.effect().is_some_and(|(_, effect)| effect.strength() > 0);
        let is_refused =
            matches!(self.state(), CommandState::Rejected | CommandState::Failed | CommandState::Expired);
        !charges && !is_refused
    }

    /// Why the command did not succeed, according to its current state.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        let is_failure = |entry: &&TrailEntry| !entry.late && failure_of(&entry.step).is_some();
        let wanted = self.state();
        if matches!(wanted, CommandState::Confirmed | CommandState::Published) {
            return None;
        }
        self.trail.iter().rev().find(is_failure).and_then(|entry| failure_of(&entry.step))
    }

    fn find<'a, T>(&'a self, pick: impl Fn(&'a Step) -> Option<T>) -> Option<(DateTime<Utc>, T)> {
        self.trail.iter().find_map(|entry| Some((entry.at, pick(&entry.step)?)))
    }
}
