//! What the ladder will do about an issue, for display.

use super::{Decision, Hold, Ladder, RecoveryCase, RecoveryStep};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// What the ladder will do about an open issue at a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryOutlook {
    /// What it does, or why it waits.
    pub state: RecoveryState,
    /// The step that is next, or under way; `None` if there is none.
    pub step: Option<RecoveryStep>,
    /// When the step is tried at the earliest, or until when it waits; `None` if that is not known.
    pub until: Option<DateTime<Utc>>,
}

/// What the recovery ladder does about an issue, or why it waits. The names are returned by the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RecoveryState {
    /// No replica carries the ladder out.
    Off,
    /// Issues are evaluated late, so no step is tried at any of them.
    Suspended,
    /// No step that is allowed helps against the cause.
    Unsupported,
    /// The pause before the next step is not over.
    Waiting,
    /// The command of a step has not ended.
    InProgress,
    /// The step is tried within seconds, or when other issues leave it a place within the minute.
    Due,
    /// The issue is muted.
    Muted,
    /// There is a maintenance window.
    Maintenance,
    /// A person takes care of the issue.
    Assigned,
    /// The device is offline.
    Offline,
    /// A vehicle charges, or is about to.
    InUse,
    /// The device got a command for another issue just before, or as many within a day as are allowed.
    DeviceLimit,
    /// All steps were tried: a person must help.
    Exhausted,
}

impl RecoveryOutlook {
    /// An outlook without a step.
    #[must_use]
    pub const fn without_step(state: RecoveryState) -> Self {
        Self { state, step: None, until: None }
    }
}

impl Ladder {
    /// What follows from [`decide`](Self::decide) for `case` at `now`.
    #[must_use]
    pub fn outlook(&self, case: &RecoveryCase, now: DateTime<Utc>) -> RecoveryOutlook {
        let here = &case.circumstances;
        let (state, until) = match self.decide(case, now) {
            Decision::Exhausted if case.attempts.is_empty() => (RecoveryState::Unsupported, None),
            Decision::Exhausted => (RecoveryState::Exhausted, None),
            Decision::Try(..) => (RecoveryState::Due, None),
            Decision::Wait(_) if case.under_way().is_some() => (RecoveryState::InProgress, None),
            Decision::Wait(until) => (RecoveryState::Waiting, Some(until)),
            Decision::Held(hold) => match hold {
                Hold::Muted => (RecoveryState::Muted, here.muted_until),
                Hold::Maintenance => (RecoveryState::Maintenance, here.maintenance_until),
                Hold::Assigned => (RecoveryState::Assigned, None),
                Hold::Offline => (RecoveryState::Offline, None),
                Hold::InUse => (RecoveryState::InUse, None),
                Hold::DeviceLimit => (RecoveryState::DeviceLimit, None),
            },
        };
        let step = case.under_way().or_else(|| self.candidate(case).map(|(step, _)| step));
        RecoveryOutlook { state, step, until }
    }
}
