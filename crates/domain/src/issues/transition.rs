//! What happens to an issue.

use super::{Fact, IssueKey};
use crate::ids::IssueId;
use chrono::{DateTime, Utc};

/// What happens to an issue.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The cause and the place. Of [`Joined`](TransitionKind::Joined) and [`Left`](TransitionKind::Left)
    /// those of the device.
    pub key: IssueKey,
    /// The issue.
    pub issue: IssueId,
    /// When, by PostgreSQL's clock.
    pub at: DateTime<Utc>,
    /// What happens.
    pub kind: TransitionKind,
    /// What was seen.
    pub fact: Fact,
}

/// What happens to an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransitionKind {
    /// It opens.
    Opened,
    /// It is open, and its cause shows again or in another way.
    Recurred,
    /// It closes; the fact is the proof.
    Closed,
    /// A device becomes part of the outage.
    Joined,
    /// A device is not part of the outage any more.
    Left,
}
