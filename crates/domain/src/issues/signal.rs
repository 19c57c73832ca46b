//! What a change says about a cause at a place.

use super::{Fact, IssueKey};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// What a change says about a cause at a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The cause and the place.
    pub key: IssueKey,
    /// What follows for them.
    pub verdict: Verdict,
    /// The session or the command that the change is about; `None` if it is about the place itself.
    pub about: Option<Uuid>,
    /// What was seen.
    pub fact: Fact,
}

/// What follows from a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The condition holds.
    Present,
    /// The condition holds at this instant unless it ends before.
    PresentAt(DateTime<Utc>),
    /// The condition holds once this happened `count` times, without an [`Absent`](Self::Absent) in
    /// between.
    Occurred {
        /// How many times.
        count: u16,
    },
    /// The condition holds once the value changed `count` times within `window`, and ends when it did
    /// not change for that long.
    Toggled {
        /// The value.
        value: bool,
        /// How many times.
        count: u16,
        /// The time.
        window: TimeDelta,
    },
    /// The condition does not hold. If the signal is about a session or a command, this ends only what
    /// is about the same one.
    Absent,
    /// The condition will not hold: what is due about the same session is cancelled. An issue that is open
    /// stays open.
    Cancelled,
    /// The device does not belong to the place any more: nothing is watched there.
    Gone,
}

impl Verdict {
    /// Whether it is a sign that the condition holds, or will.
    pub(super) const fn is_sign(self) -> bool {
        matches!(self, Self::Present | Self::PresentAt(_) | Self::Occurred { .. })
    }
}
