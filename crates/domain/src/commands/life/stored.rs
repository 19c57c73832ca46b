//! The stored form of the life of a command.

use super::CommandLife;
use crate::commands::effect::EffectKind;
use crate::commands::step::{Step, TrailEntry};
use serde::{Deserialize, Serialize};

/// The stored form of a life. Steps that the previous release cannot read are stored separately,
/// where that release ignores them: during an upgrade both releases work on the same commands.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredLife {
    trail: Vec<TrailEntry>,
    #[serde(default, skip_serializing_if = "is_zero")]
    omitted: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    since: Vec<PlacedEntry>,
}

/// An entry with its index in the trail.
#[derive(Serialize, Deserialize)]
struct PlacedEntry {
    place: usize,
    #[serde(flatten)]
    entry: TrailEntry,
}

impl From<CommandLife> for StoredLife {
    fn from(life: CommandLife) -> Self {
        let mut stored = Self { trail: Vec::new(), omitted: life.omitted, since: Vec::new() };
        for (place, entry) in life.trail.into_iter().enumerate() {
            if entry.step.is_known_to_previous_release() {
                stored.trail.push(entry);
            } else {
                stored.since.push(PlacedEntry { place, entry });
            }
        }
        stored
    }
}

impl From<StoredLife> for CommandLife {
    fn from(stored: StoredLife) -> Self {
        let mut trail = stored.trail;
        for PlacedEntry { place, entry } in stored.since {
            trail.insert(place.min(trail.len()), entry);
        }
        Self { trail, omitted: stored.omitted }
    }
}

impl Step {
    const fn is_known_to_previous_release(&self) -> bool {
        match self {
            Self::Rerouted { .. } | Self::Republished { .. } | Self::NotRepublished { .. } => false,
            Self::TookEffect(effect) => !matches!(effect.kind, EffectKind::Status),
            _ => true,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it by reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}
