//! Seconds of a connector by condition, with its failures and starts.

use super::condition::{Cause, Condition};
use super::exclusion::ExclusionReason;
use std::iter::Sum;
use std::ops::AddAssign;

/// What a time of one or more connectors comes to. Each second is in exactly one of the fields `*_s`
/// except `repair_s`. Tallies of different times and connectors can be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Up, in seconds.
    pub up_s: i64,
    /// Down and not excluded, because a connector or its device was faulted, in seconds.
    pub faulted_s: i64,
    /// The same because it was unavailable, in seconds.
    pub unavailable_s: i64,
    /// The same because the device was offline, in seconds.
    pub offline_s: i64,
    /// Unknown and not excluded, in seconds.
    pub unknown_s: i64,
    /// Down or unknown, and excluded, in seconds; by reason, in the order of [`ExclusionReason::ALL`].
    pub excluded_s: [i64; 4],
    /// Number of failures that began.
    pub failures: i64,
    /// Number of failures that ended.
    pub repairs: i64,
    /// How long these failures lasted, without excluded and unknown time, in seconds.
    pub repair_s: i64,
    /// Number of remote starts that the device accepted.
    pub starts_accepted: i64,
    /// Number of these that led to charging.
    pub starts_charging: i64,
}

/// A failure of a connector that has not ended: its seconds of downtime so far. A failure begins with
/// the first second of downtime that is not excluded, and ends when the connector is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenFailure(pub Option<i64>);

impl Tally {
    /// Down and not excluded, in seconds.
    #[must_use]
    pub const fn down_s(&self) -> i64 {
        self.faulted_s + self.unavailable_s + self.offline_s
    }

    /// Excluded, in seconds.
    #[must_use]
    pub fn all_excluded_s(&self) -> i64 {
        self.excluded_s.iter().sum()
    }

    /// All time, in seconds.
    #[must_use]
    pub fn total_s(&self) -> i64 {
        self.up_s + self.down_s() + self.unknown_s + self.all_excluded_s()
    }

    /// The mean time to repair, in seconds; `None` without a repair.
    #[must_use]
    pub fn mean_repair_s(&self) -> Option<i64> {
        self.repair_s.checked_div(self.repairs)
    }

    /// Adds `seconds` in `condition`, which `excluded` applies to, and follows the failure.
    pub(super) fn add(
        &mut self,
        condition: Condition,
        excluded: Option<ExclusionReason>,
        seconds: i64,
        open: &mut OpenFailure,
    ) {
        match (condition, excluded) {
            (Condition::Up, _) => {
                self.up_s += seconds;
                if let Some(lasted) = open.0.take() {
                    self.repairs += 1;
                    self.repair_s += lasted;
                }
            }
            (_, Some(reason)) => {
                for (known, excluded_s) in ExclusionReason::ALL.iter().zip(&mut self.excluded_s) {
                    *excluded_s += if *known == reason { seconds } else { 0 };
                }
            }
            (Condition::Unknown, None) => self.unknown_s += seconds,
            (Condition::Down(cause), None) => {
                *self.of_cause(cause) += seconds;
                self.failures += i64::from(open.0.is_none());
                *open.0.get_or_insert(0) += seconds;
            }
        }
    }

    const fn of_cause(&mut self, cause: Cause) -> &mut i64 {
        match cause {
            Cause::Faulted => &mut self.faulted_s,
            Cause::Unavailable => &mut self.unavailable_s,
            Cause::Offline => &mut self.offline_s,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        let Self {
            up_s,
            faulted_s,
            unavailable_s,
            offline_s,
            unknown_s,
            excluded_s,
            failures,
            repairs,
            repair_s,
            starts_accepted,
            starts_charging,
        } = other;
        self.up_s += up_s;
        self.faulted_s += faulted_s;
        self.unavailable_s += unavailable_s;
        self.offline_s += offline_s;
        self.unknown_s += unknown_s;
        for (sum, seconds) in self.excluded_s.iter_mut().zip(excluded_s) {
            *sum += seconds;
        }
        self.failures += failures;
        self.repairs += repairs;
        self.repair_s += repair_s;
        self.starts_accepted += starts_accepted;
        self.starts_charging += starts_charging;
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |mut sum, tally| {
            sum += tally;
            sum
        })
    }
}
