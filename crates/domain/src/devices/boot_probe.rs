//! BootNotifications that the platform requested: the answer to such a request is not a restart.

use crate::ids::EventKey;
use crate::order::Stamp;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The latest request for a BootNotification, and the event that answered one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BootProbe {
    /// When a BootNotification was last requested. Loaded with a device that boots; never written
    /// with its state.
    pub asked_at: Option<DateTime<Utc>>,
    /// The event that answered a request.
    pub answer: Option<BootAnswer>,
}

/// The event that answered a request for a BootNotification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootAnswer {
    /// When the BootNotification was requested.
    pub asked_at: DateTime<Utc>,
    /// The event that is the answer.
    pub event: EventKey,
    /// The position of the answer in the order of events.
    pub stamp: Stamp,
}

/// How long after the request a BootNotification still counts as its answer.
const WINDOW: TimeDelta = TimeDelta::seconds(60);
/// How far the clocks of PostgreSQL and of the brokers may differ.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);
/// How long the answer is remembered, so that a copy of it does not count as a restart.
const REMEMBERED: TimeDelta = TimeDelta::minutes(10);

impl BootProbe {
    /// Applies the boot that `event` reported at `stamp`. Returns the stamp of the boot that is now
    /// known to be a restart, if any: this one, or the one that was taken for the answer before.
    ///
    /// Of all boots reported within the time for an answer, the earliest is the answer and the
    /// others are restarts, regardless of the order in which they arrive and of how often.
    pub(crate) fn restart(&mut self, event: EventKey, stamp: Stamp) -> Option<Stamp> {
        if let Some(answer) = self.answer.as_mut().filter(|answer| answer.event == event) {
            answer.stamp = answer.stamp.min(stamp);
            return None;
        }
        let Some(asked_at) = self.asked_at.filter(|asked| is_in_time(*asked, stamp)) else {
            return Some(stamp);
        };
        let answer = BootAnswer { asked_at, event, stamp };
        match &self.answer {
            Some(held) if held.asked_at == asked_at && held.stamp < stamp => Some(stamp),
            Some(held) if held.asked_at == asked_at => {
                let restarted = held.stamp;
                self.answer = Some(answer);
                Some(restarted)
            }
            _ => {
                self.answer = Some(answer);
                None
            }
        }
    }

    /// Forgets an answer that is long past when a record is appended at `appended_at`.
    pub(crate) fn forget_past(&mut self, appended_at: DateTime<Utc>) {
        if self.answer.as_ref().is_some_and(|answer| answer.stamp.appended_at + REMEMBERED < appended_at) {
            self.answer = None;
        }
    }
}

fn is_in_time(asked_at: DateTime<Utc>, stamp: Stamp) -> bool {
    let reported_at = stamp.appended_at;
    reported_at + CLOCK_TOLERANCE >= asked_at && reported_at <= asked_at + WINDOW
}
