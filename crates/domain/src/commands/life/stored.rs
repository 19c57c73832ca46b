//! The stored form of the life of a command.

use super::CommandLife;
use crate::commands::effect::EffectKind;
use crate::commands::step::{Step, TrailEntry};
use crate::commands::waiting::WaitEnd;
use crate::ids::Actor;
use serde::{Deserialize, Serialize};

/// The stored form of a life. Steps that the previous release cannot read are stored separately,
/// where that release ignores them: during an upgrade both releases work on the same commands.
/// `since` has the steps that the release with reroutes added, `waits` those of waiting stops.
///
/// A cancellation is stored among `waits` as the end of a wait that timed out, which a release that
/// knows waiting stops reads as final, so that it does not send the stop.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredLife {
    trail: Vec<TrailEntry>,
    #[serde(default, skip_serializing_if = "is_zero")]
    omitted: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    since: Vec<PlacedEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waits: Vec<PlacedEntry>,
}

/// An entry with its index in the trail.
#[derive(Serialize, Deserialize)]
struct PlacedEntry {
    place: usize,
    /// The caller, if the entry is a cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cancelled_by: Option<Actor>,
    #[serde(flatten)]
    entry: TrailEntry,
}

/// The release that added a step.
enum KnownSince {
    Beginning,
    Reroutes,
    Waits,
}

impl From<CommandLife> for StoredLife {
    fn from(life: CommandLife) -> Self {
        let mut stored =
            Self { trail: Vec::new(), omitted: life.omitted, since: Vec::new(), waits: Vec::new() };
        for (place, entry) in life.trail.into_iter().enumerate() {
            match entry.step.known_since() {
                KnownSince::Beginning => stored.trail.push(entry),
                KnownSince::Reroutes => stored.since.push(PlacedEntry::new(place, entry)),
                KnownSince::Waits => stored.waits.push(PlacedEntry::new(place, entry)),
            }
        }
        stored
    }
}

impl From<StoredLife> for CommandLife {
    fn from(stored: StoredLife) -> Self {
        let mut trail = stored.trail;
        let mut placed = stored.since;
        placed.extend(stored.waits);
        placed.sort_by_key(|placed| placed.place);
        for placed in placed {
            trail.insert(placed.place.min(trail.len()), placed.into_entry());
        }
        Self { trail, omitted: stored.omitted }
    }
}

impl PlacedEntry {
    fn new(place: usize, mut entry: TrailEntry) -> Self {
        let cancelled_by = match &entry.step {
            Step::Cancelled { by } => Some(by.clone()),
            _ => None,
        };
        if cancelled_by.is_some() {
            entry.step = Step::WaitEnded { cause: WaitEnd::TimedOut };
        }
        Self { place, cancelled_by, entry }
    }

    fn into_entry(self) -> TrailEntry {
        match self.cancelled_by {
            Some(by) => TrailEntry { step: Step::Cancelled { by }, ..self.entry },
            None => self.entry,
        }
    }
}

impl Step {
    const fn known_since(&self) -> KnownSince {
        match self {
            Self::Waiting | Self::Released { .. } | Self::WaitEnded { .. } | Self::Cancelled { .. } => {
                KnownSince::Waits
            }
            Self::Rerouted { .. } | Self::Republished { .. } | Self::NotRepublished { .. } => {
                KnownSince::Reroutes
            }
            Self::TookEffect(effect) if matches!(effect.kind, EffectKind::Status) => KnownSince::Reroutes,
            _ => KnownSince::Beginning,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it by reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}
