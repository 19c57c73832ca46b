//! The states of a command and the steps that change them.

use super::step::Step;
use super::waiting::WaitEnd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The state of a command. States only move forward, and never after a final state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename_all = "lowercase")]
pub enum CommandState {
    /// A stop that is recorded and not sent: the transaction id of its session is not known yet.
    Waiting,
    /// Checked, routed and recorded; not known to be on the topic yet.
    Accepted,
    /// On the topic, acknowledged by all replicas.
    Published,
    /// The publication was neither confirmed nor refused: the command may or may not be on the
    /// topic.
    Unknown,
    /// The device accepted the command or carried it out. Final.
    Confirmed,
    /// The device or its gateway refused the command. Final.
    Rejected,
    /// The command certainly never reached the topic. Final.
    Failed,
    /// The time of the command is over and no effect was observed. Final.
    Expired,
    /// A caller cancelled the command while it waited; it was not sent and will not be. Final.
    Cancelled,
}

impl CommandState {
    /// All states.
    pub const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Accepted,
        Self::Published,
        Self::Unknown,
        Self::Confirmed,
        Self::Rejected,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
    ];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Accepted => "accepted",
            Self::Published => "published",
            Self::Unknown => "unknown",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the state is final.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Confirmed | Self::Rejected | Self::Failed | Self::Expired | Self::Cancelled)
    }

    /// The state after `step`.
    #[must_use]
    pub(super) fn after(self, step: &Step) -> Self {
        if self.is_end() {
            return self;
        }
        match step {
            Step::Accepted
            | Step::Rerouted { .. }
            | Step::Republished { .. }
            | Step::NotRepublished { .. } => self,
            Step::Waiting if self == Self::Accepted => Self::Waiting,
            Step::Released { .. } if self == Self::Waiting => Self::Accepted,
            Step::WaitEnded { cause: WaitEnd::TimedOut } if self == Self::Waiting => Self::Expired,
            Step::WaitEnded { .. } if self == Self::Waiting => Self::Failed,
            Step::Cancelled { .. } if self == Self::Waiting => Self::Cancelled,
            Step::Waiting | Step::Released { .. } | Step::WaitEnded { .. } | Step::Cancelled { .. } => self,
            Step::Published { .. } => Self::Published,
            // A confirmed publication is not put in doubt again.
            Step::Unconfirmed { .. } if self == Self::Published => self,
            Step::Unconfirmed { .. } => Self::Unknown,
            Step::Unpublished { .. } => Self::Failed,
            Step::Answered(answer) if answer.is_yes() => Self::Confirmed,
            Step::Answered(_) => Self::Rejected,
            Step::TookEffect(_) => Self::Confirmed,
            Step::Expired { .. } => Self::Expired,
        }
    }
}

impl fmt::Display for CommandState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
