//! The recovery ladder: commands that are tried one after the other until the cause of an issue is
//! gone.

mod case;
mod outlook;
mod step;

pub use case::{Attempt, AttemptState, Circumstances, Hold, RecoveryCase};
pub use outlook::{RecoveryOutlook, RecoveryState};
pub use step::RecoveryStep;

use crate::ids::{CommandId, IssueId};
use chrono::{DateTime, TimeDelta, Utc};

/// When the steps are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ladder {
    /// How long an issue must be open, and how long the outcome of a step is awaited, before the next
    /// step at the same device.
    pub pause: TimeDelta,
    /// The last step that is tried.
    pub last: RecoveryStep,
    /// The most commands to a device within 24 hours, for all its issues.
    pub device_steps_per_day: u32,
}

/// What the ladder does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It tries this step as the attempt with this number, counted from 1.
    Try(RecoveryStep, u32),
    /// It waits until this instant.
    Wait(DateTime<Utc>),
    /// A step is due, and this keeps it from being tried now.
    Held(Hold),
    /// No step is left, or none helps against the cause: a person must.
    Exhausted,
}

impl CommandId {
    /// The id of the command of the attempt with this number at an issue. All replicas derive the same
    /// id, so that only one of them can record the command.
    #[must_use]
    pub fn of_recovery(issue: IssueId, number: u32) -> Self {
        Self::derive(issue.0, &format!("recovery/{number}"))
    }
}

impl Ladder {
    /// What to do about the open issue `case` at `now`.
    #[must_use]
    pub fn decide(&self, case: &RecoveryCase, now: DateTime<Utc>) -> Decision {
        if case.under_way().is_some() {
            return Decision::Wait(now + self.pause);
        }
        let Some((step, number)) = self.candidate(case) else { return Decision::Exhausted };
        let ready_at = case.attempts.last().map_or(case.opened_at, |last| last.at) + self.pause;
        if now < ready_at {
            return Decision::Wait(ready_at);
        }
        match self.hold(step, case, now) {
            Some(hold) => Decision::Held(hold),
            None => Decision::Try(step, number),
        }
    }

    /// The step that is next, with the number of the attempt; `None` if none is left.
    fn candidate(&self, case: &RecoveryCase) -> Option<(RecoveryStep, u32)> {
        match case.attempts.last() {
            // Its command was not recorded: the same command is tried again.
            Some(last) if last.state == AttemptState::Pending && last.step <= self.last => {
                Some((last.step, last.number))
            }
            last => {
                let number = last.map_or(1, |last| last.number.saturating_add(1));
                self.next_step(case).map(|step| (step, number))
            }
        }
    }

    /// The step after those that were tried; `None` if none is left.
    fn next_step(&self, case: &RecoveryCase) -> Option<RecoveryStep> {
        let tried = case.attempts.iter().filter(|attempt| attempt.is_tried()).map(|attempt| attempt.step);
        let tried = tried.max();
        RecoveryStep::ALL.into_iter().find(|step| {
            *step <= self.last
                && tried.is_none_or(|tried| *step > tried)
                && step.helps_against(case.key.cause)
                && step.command(case.key.place.connector()).is_some()
        })
    }

    /// What keeps `step` from being tried now, if anything does.
    fn hold(&self, step: RecoveryStep, case: &RecoveryCase, now: DateTime<Utc>) -> Option<Hold> {
        let Circumstances { muted_until, maintenance_until, is_assigned, is_online, .. } = case.circumstances;
        let is_later = |until: Option<DateTime<Utc>>| until.is_some_and(|until| until > now);
        let others = case.circumstances.last_step_of_others.map(|at| at + self.pause);
        let is_used_up = case.circumstances.steps_in_day >= self.device_steps_per_day;
        [
            (is_later(muted_until), Hold::Muted),
            (is_later(maintenance_until), Hold::Maintenance),
            (is_assigned, Hold::Assigned),
            (!is_online, Hold::Offline),
            (case.circumstances.is_in_use(step.reach(case.key.place.connector())), Hold::InUse),
            (is_later(others) || is_used_up, Hold::DeviceLimit),
        ]
        .into_iter()
        .find_map(|(holds, hold)| holds.then_some(hold))
    }
}
