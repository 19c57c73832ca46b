//! Timers of devices.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::ChargePointId;
use runtime::lock::MutexExt as _;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Mutex;
use tokio::sync::Notify;

/// A timer; the heap returns the greatest entry first, which is the earliest timer.
type Timer = Reverse<(DateTime<Utc>, ChargePointId)>;

/// Timers of devices. A timer cannot be cancelled; one that is no longer needed does no harm.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    timers: Mutex<BinaryHeap<Timer>>,
    changed: Notify,
}

impl Schedule {
    pub(crate) fn set(&self, at: DateTime<Utc>, charge_point_id: ChargePointId) {
        let mut timers = self.timers.locked();
        let is_next = timers.peek().is_none_or(|Reverse((next, _))| at < *next);
        timers.push(Reverse((at, charge_point_id)));
        drop(timers);
        if is_next {
            self.changed.notify_one();
        }
    }

    /// Waits for the next timer. For a single caller.
    pub(crate) async fn next(&self) -> ChargePointId {
        loop {
            match self.pop(runtime::clock::now()) {
                Ok(due) => return due,
                Err(None) => self.changed.notified().await,
                Err(Some(wait)) => {
                    let wait = wait.to_std().unwrap_or_default();
                    // In either case the timers are checked again.
                    drop(tokio::time::timeout(wait, self.changed.notified()).await);
                }
            }
        }
    }

    /// The device that is due, or the time until one is.
    fn pop(&self, now: DateTime<Utc>) -> Result<ChargePointId, Option<TimeDelta>> {
        let mut timers = self.timers.locked();
        match timers.peek() {
            None => Err(None),
            Some(Reverse((at, _))) if *at > now => Err(Some(*at - now)),
            Some(_) => timers.pop().map(|Reverse((_, due))| due).ok_or(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn timers_fire_in_order() {
        let schedule = Schedule::default();
        let id = |name| ChargePointId::parse(name).unwrap();
        let now = runtime::clock::now();
        schedule.set(now + TimeDelta::milliseconds(20), id("later"));
        schedule.set(now - TimeDelta::seconds(1), id("overdue"));
        assert_eq!(schedule.next().await, id("overdue"));
        assert_eq!(schedule.next().await, id("later"));
        assert!(runtime::clock::now() >= now + TimeDelta::milliseconds(20));
    }
}
