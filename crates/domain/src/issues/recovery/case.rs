//! What the ladder knows of an open issue: what was tried, and the state of its place.

use super::RecoveryStep;
use crate::commands::CommandState;
use crate::ids::ConnectorId;
use crate::issues::IssueKey;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// An open issue, what was tried, and the state of its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryCase {
    /// The cause and the place.
    pub key: IssueKey,
    /// When it opened.
    pub opened_at: DateTime<Utc>,
    /// The attempts, the earliest first.
    pub attempts: Vec<Attempt>,
    /// The state of its place.
    pub circumstances: Circumstances,
}

/// A step that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The number among the attempts at the issue, from 1.
    pub number: u32,
    /// The step.
    pub step: RecoveryStep,
    /// When its command was issued; of an attempt without a command, when it was last decided.
    pub at: DateTime<Utc>,
    /// What followed.
    pub state: AttemptState,
}

/// What followed from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptState {
    /// Its command is not recorded yet.
    Pending,
    /// Its command is recorded and has this state.
    Command(CommandState),
    /// Its command was refused, and will not be sent.
    Refused,
}

/// The state of the place of an issue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Circumstances {
    /// Until when the issue is muted; `None`, or in the past, if it is not.
    pub muted_until: Option<DateTime<Utc>>,
    /// The end of the maintenance window at the place; `None`, or in the past, if there is none.
    pub maintenance_until: Option<DateTime<Utc>>,
    /// Whether a person takes care of the issue.
    pub is_assigned: bool,
    /// Whether the device is online.
    pub is_online: bool,
    /// The connectors that are charging or about to: those with an open session other than the one that
    /// the issue is about, with the status of a charge, or with a start in flight. 0: any connector.
    pub in_use: BTreeSet<ConnectorId>,
    /// When a step was last tried at the device for another issue; `None` if none was within a day.
    pub last_step_of_others: Option<DateTime<Utc>>,
    /// How many commands were sent to the device within 24 hours, for all its issues.
    pub steps_in_day: u32,
}

/// What keeps a step from being tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
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
}

impl RecoveryCase {
    /// The step whose command may still end.
    pub(super) fn under_way(&self) -> Option<RecoveryStep> {
        self.attempts.last().filter(|last| last.is_under_way()).map(|last| last.step)
    }
}

impl Attempt {
    /// Whether its command may still end.
    pub(in crate::issues) const fn is_under_way(&self) -> bool {
        matches!(self.state, AttemptState::Command(state) if !state.is_end())
    }

    /// Whether the step counts as tried: not if its command certainly never reached the topic.
    pub(super) fn is_tried(&self) -> bool {
        self.state != AttemptState::Command(CommandState::Failed)
    }
}

impl Circumstances {
    /// Whether a connector is in use that is part of `reach`, 0 being the whole device.
    pub(super) fn is_in_use(&self, reach: ConnectorId) -> bool {
        let reaches =
            |connector: &ConnectorId| reach.is_whole() || connector.is_whole() || reach == *connector;
        self.in_use.iter().any(reaches)
    }
}

impl Hold {
    /// All holds.
    pub const ALL: [Self; 6] =
        [Self::Muted, Self::Maintenance, Self::Assigned, Self::Offline, Self::InUse, Self::DeviceLimit];

    /// The name in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Muted => "muted",
            Self::Maintenance => "maintenance",
            Self::Assigned => "assigned",
            Self::Offline => "offline",
            Self::InUse => "in_use",
            Self::DeviceLimit => "device_limit",
        }
    }
}
