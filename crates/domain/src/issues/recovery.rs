//! The recovery ladder: commands that are tried one after the other until the cause of an issue is
//! gone.

use super::{Cause, IssueKey};
use crate::commands::{Availability, CommandKind, CommandState, ResetKind, TriggeredMessage};
use crate::ids::ConnectorId;
use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A step of the ladder, the gentlest first. The names are stored and returned by the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RecoveryStep {
    /// Request the status again.
    Trigger,
    /// Restart the software of the device.
    SoftReset,
    /// Restart the device.
    HardReset,
    /// Unlock the connector.
    Unlock,
    /// Take the connector out of service.
    OutOfService,
}

/// When the steps are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ladder {
    /// How long an issue must be open, and how long the outcome of a step is awaited, before the next
    /// step.
    pub pause: TimeDelta,
    /// The last step that is tried.
    pub last: RecoveryStep,
}

/// A step that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The step.
    pub step: RecoveryStep,
    /// When its command was issued; of a refused command, when that was.
    pub issued_at: DateTime<Utc>,
    /// The state of the command; `None` if it was refused.
    pub state: Option<CommandState>,
}

/// What the ladder does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It tries this step.
    Try(RecoveryStep),
    /// It waits until this instant.
    Wait(DateTime<Utc>),
    /// No step is left, or none helps against the cause: a person must.
    Exhausted,
}

impl RecoveryStep {
    /// All steps, the gentlest first.
    pub const ALL: [Self; 5] =
        [Self::Trigger, Self::SoftReset, Self::HardReset, Self::Unlock, Self::OutOfService];

    /// The name in the API, the feed and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::SoftReset => "softReset",
            Self::HardReset => "hardReset",
            Self::Unlock => "unlock",
            Self::OutOfService => "outOfService",
        }
    }

    /// Parses such a name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == word)
    }

    /// The command of the step at a connector, `None` being the device as a whole; `None` if the step
    /// needs a connector.
    #[must_use]
    pub fn command(self, connector: Option<ConnectorId>) -> Option<CommandKind> {
        let outlet = connector.filter(|connector| !connector.is_whole());
        Some(match self {
            Self::Trigger => CommandKind::TriggerMessage {
                requested: TriggeredMessage::StatusNotification,
                connector_id: outlet,
            },
            Self::SoftReset => CommandKind::Reset { kind: ResetKind::Soft },
            Self::HardReset => CommandKind::Reset { kind: ResetKind::Hard },
            Self::Unlock => CommandKind::UnlockConnector { connector_id: outlet? },
            Self::OutOfService => CommandKind::ChangeAvailability {
                connector_id: outlet.unwrap_or(ConnectorId::WHOLE),
                availability: Availability::Inoperative,
            },
        })
    }
}

impl Ladder {
    /// What to do about the open issue with this key, after `attempts`, the earliest first.
    #[must_use]
    pub fn decide(
        &self,
        key: &IssueKey,
        opened_at: DateTime<Utc>,
        attempts: &[Attempt],
        now: DateTime<Utc>,
    ) -> Decision {
        let last = attempts.last();
        if last.and_then(|last| last.state).is_some_and(|state| !state.is_end()) {
            return Decision::Wait(now + self.pause);
        }
        let tried = attempts.iter().map(|attempt| attempt.step).max();
        let connector = key.place.connector();
        let next = RecoveryStep::ALL.into_iter().find(|step| {
            *step <= self.last
                && tried.is_none_or(|tried| *step > tried)
                && is_helpful(*step, key.cause)
                && step.command(connector).is_some()
        });
        let Some(next) = next else { return Decision::Exhausted };
        let ready_at = last.map_or(opened_at, |last| last.issued_at) + self.pause;
        if ready_at <= now { Decision::Try(next) } else { Decision::Wait(ready_at) }
    }
}

/// Whether a step may end the cause. A device that is offline gets no command, and no command repairs
/// a price.
const fn is_helpful(step: RecoveryStep, cause: Cause) -> bool {
    match cause {
        Cause::Fault | Cause::StartWithoutCharge => true,
        // A stuck session ends with a restart; its cable stays locked, and the connector in service.
        Cause::StuckSession => {
            matches!(step, RecoveryStep::Trigger | RecoveryStep::SoftReset | RecoveryStep::HardReset)
        }
        // The boot notification sets the clock.
        Cause::ClockSkew => matches!(step, RecoveryStep::SoftReset | RecoveryStep::HardReset),
        Cause::Offline | Cause::Flapping | Cause::SessionWithoutEnergy | Cause::PriceGap => false,
    }
}
