//! Limits of a session that its start command sets, as a prepaid driver needs them: the platform
//! stops the session when the first one is reached.

mod shown;
#[cfg(test)]
mod tests;

pub use shown::ShownLimits;

use crate::commands::CommandState;
use crate::ids::CommandId;
use crate::sessions::session::ChargingSession;
use crate::tariffs::{Currency, Money, Price};
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The limits of a session; at least one is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionLimits {
    /// The energy, in Wh, from 1 to [`MAX_ENERGY_WH`](Self::MAX_ENERGY_WH).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_energy_wh: Option<u32>,
    /// The time since the beginning, in seconds, from 1 to
    /// [`MAX_DURATION_S`](Self::MAX_DURATION_S).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_duration_s: Option<u32>,
    /// The total of the quote, in the major unit of `currency`; above zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_amount: Option<Price>,
    /// The currency of `max_amount`: that of the tariff when the start was commanded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// The kinds of limits. The names are stored and returned by the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LimitKind {
    /// The energy.
    Energy,
    /// The duration.
    Duration,
    /// The amount of money.
    Amount,
}

/// The progress of a session at one reading of its meter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// When the meter was read.
    pub at: DateTime<Utc>,
    /// The energy since the beginning, in Wh.
    pub energy_wh: f64,
    /// The total of the quote up to this reading; `None` if it is unknown or no limit needs it.
    pub total: Option<Money>,
}

/// An exact value that is compared with a limit: in Wh, in seconds, or in the major unit of a
/// currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LimitValue(Decimal);

/// The limit of a session that was reached first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitReached {
    /// Which limit.
    pub kind: LimitKind,
    /// When it was reached: the time of the reading that shows it; for a duration, when it was over.
    pub at: DateTime<Utc>,
    /// The value at that time, in Wh, in seconds, or in the major unit of the currency.
    pub value: LimitValue,
}

/// The last stop that was sent because a limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopAttempt {
    /// The state of its command.
    pub state: CommandState,
    /// When the command was issued.
    pub issued_at: DateTime<Utc>,
    /// The command must not be carried out after this instant.
    pub expires_at: DateTime<Utc>,
}

impl LimitKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Energy, Self::Duration, Self::Amount];

    /// The stable name in storage, API and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Energy => "energy",
            Self::Duration => "duration",
            Self::Amount => "amount",
        }
    }

    /// Parses the stable name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl SessionLimits {
    /// The greatest limit of energy: 10 MWh, in Wh.
    pub const MAX_ENERGY_WH: u32 = 10_000_000;
    /// The greatest limit of duration: 7 days, in seconds.
    pub const MAX_DURATION_S: u32 = 604_800;

    /// Whether no limit is set.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.max_energy_wh.is_none() && self.max_duration_s.is_none() && self.max_amount.is_none()
    }

    /// The limit of this kind, in Wh, in seconds, or in the major unit of the currency; `None` if it
    /// is not set.
    #[must_use]
    pub fn limit(&self, kind: LimitKind) -> Option<LimitValue> {
        let limit = match kind {
            LimitKind::Energy => self.max_energy_wh.map(Decimal::from),
            LimitKind::Duration => self.max_duration_s.map(Decimal::from),
            LimitKind::Amount => self.max_amount.map(Price::value),
        };
        limit.map(LimitValue)
    }

    /// The limit that a session which began at `started_at` reached first by `now`; `None` if it
    /// reached none. `progress` has readings up to `now`, in order of time. Further readings and a
    /// later `now` do not change a limit that was reached. Of limits that are reached at the same
    /// instant, the first kind is returned.
    #[must_use]
    pub fn first_reached(
        &self,
        started_at: DateTime<Utc>,
        progress: &[Progress],
        now: DateTime<Utc>,
    ) -> Option<LimitReached> {
        let by_reading = |kind: LimitKind| {
            let limit = self.limit(kind)?;
            progress.iter().find_map(|reading| {
                let value = self.value(kind, reading).filter(|value| *value >= limit)?;
                Some(LimitReached { kind, at: reading.at, value })
            })
        };
        let by_clock = || {
            let (kind, seconds) = (LimitKind::Duration, self.max_duration_s?);
            let at = started_at + TimeDelta::seconds(seconds.into());
            (at <= now).then(|| LimitReached { kind, at, value: LimitValue(seconds.into()) })
        };
        let reached = [by_reading(LimitKind::Energy), by_clock(), by_reading(LimitKind::Amount)];
        reached.into_iter().flatten().min_by_key(|reached| (reached.at, reached.kind))
    }

    fn value(&self, kind: LimitKind, reading: &Progress) -> Option<LimitValue> {
        match kind {
            LimitKind::Energy => thousandths(reading.energy_wh),
            LimitKind::Duration => None,
            LimitKind::Amount => self.comparable(reading.total),
        }
    }

    /// The value of this kind at the end of `session`, from which the overshoot follows; `None` while
    /// it is unknown. `total` is the total of its quote.
    #[must_use]
    pub fn final_value(
        &self,
        kind: LimitKind,
        session: &ChargingSession,
        total: Option<Money>,
    ) -> Option<LimitValue> {
        let ended_at = session.ended_at()?;
        match kind {
            LimitKind::Energy => session.energy_wh(None).and_then(thousandths),
            LimitKind::Duration => Some(LimitValue((ended_at - session.started_at).num_seconds().into())),
            LimitKind::Amount => self.comparable(total),
        }
    }

    /// How far `final_value` is above the limit of this kind, in the same unit; zero if it is not.
    #[must_use]
    pub fn overshoot(&self, kind: LimitKind, final_value: LimitValue) -> Option<LimitValue> {
        let limit = self.limit(kind)?;
        Some(LimitValue((final_value.0 - limit.0).max(Decimal::ZERO)))
    }

    /// A total in another currency cannot be compared: the tariff was replaced meanwhile.
    fn comparable(&self, total: Option<Money>) -> Option<LimitValue> {
        let total = total.filter(|total| Some(total.currency()) == self.currency)?;
        Some(LimitValue(total.amount()))
    }
}

/// A value of a meter as an exact number with three decimal places.
fn thousandths(wh: f64) -> Option<LimitValue> {
    Decimal::from_f64_retain(wh).map(|wh| LimitValue(wh.round_dp(3)))
}

/// The text is not a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number")]
pub struct InvalidLimitValue;

impl LimitValue {
    /// Parses the text that [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    /// It is not a decimal number.
    pub fn parse(text: &str) -> Result<Self, InvalidLimitValue> {
        text.parse().map(Self).map_err(|_not_a_number| InvalidLimitValue)
    }

    /// The nearest floating-point number.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0.try_into().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for LimitValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl StopAttempt {
    /// The shortest time between two attempts; it doubles with each, up to [`LONGEST_PAUSE`].
    ///
    /// [`LONGEST_PAUSE`]: Self::LONGEST_PAUSE
    pub const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(15);
    /// The longest time between two attempts.
    pub const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(30);

    /// Whether the session needs another stop at `now`, after `attempts` of which `self` is the last:
    /// the command is over, or its time is, and the session has not ended.
    #[must_use]
    pub fn is_over(&self, attempts: u16, now: DateTime<Utc>) -> bool {
        let doublings = u32::from(attempts.saturating_sub(1)).min(10);
        let pause = (Self::FIRST_PAUSE * 2_i32.pow(doublings)).min(Self::LONGEST_PAUSE);
        match self.state {
            CommandState::Waiting => false,
            // Nothing is carried out any more.
            CommandState::Failed
            | CommandState::Rejected
            | CommandState::Expired
            | CommandState::Cancelled => self.issued_at + pause <= now,
            // The device may still stop until then.
            CommandState::Accepted
            | CommandState::Published
            | CommandState::Unknown
            | CommandState::Confirmed => self.expires_at.max(self.issued_at + pause) <= now,
        }
    }
}

impl CommandId {
    /// The id of the stop number `attempt`, counted from 1, that a limit of the session of the start
    /// `start` causes. All replicas derive the same id, so that only one of them can record the stop.
    #[must_use]
    pub fn of_limit_stop(start: Self, attempt: u16) -> Self {
        Self::derive(start.0, &format!("limit-stop/{attempt}"))
    }
}
