//! Meter readings in the platform's units: Wh, W, V, A, %, °C.

use crate::order::plausible_time;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// The assumed age, before its event, of a reading without a plausible time of its own. Longer than
/// any usual interval between two readings.
pub const IMPLAUSIBLE_AGE: TimeDelta = TimeDelta::minutes(15);

/// One reading of a connector's meter: the measurands that were reported for one instant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MeterReading {
    /// When the reading was taken according to the device; `None` if the device did not report it.
    pub taken_at: Option<DateTime<Utc>>,
    /// The energy register (`Energy.Active.Import.Register`), in Wh.
    pub energy_wh: Option<f64>,
    /// Active power drawn by the vehicle, in W.
    pub power_w: Option<f64>,
    /// Voltage, in V.
    pub voltage_v: Option<f64>,
    /// Current drawn by the vehicle, in A.
    pub current_a: Option<f64>,
    /// State of charge of the vehicle's battery, in percent.
    pub soc_percent: Option<f64>,
    /// Temperature, in °C.
    pub temperature_c: Option<f64>,
}

impl MeterReading {
    /// When the reading was taken. A reading without a plausible time of its own has the time of
    /// the event that carries it, `event_at`; `appended_at` is the Kafka timestamp of the record.
    #[must_use]
    pub fn at(&self, event_at: DateTime<Utc>, appended_at: DateTime<Utc>) -> DateTime<Utc> {
        plausible_time(self.taken_at, appended_at).map_or(event_at, |taken| taken.trunc_subsecs(6))
    }

    /// The time for finding the newest value; otherwise as [`MeterReading::at`]. A reading with an
    /// implausible time of its own is often stored history, so it counts as [`IMPLAUSIBLE_AGE`]
    /// older than its event and does not replace a value that was read since.
    #[must_use]
    pub fn live_at(&self, event_at: DateTime<Utc>, appended_at: DateTime<Utc>) -> DateTime<Utc> {
        if self.taken_at.is_some() && plausible_time(self.taken_at, appended_at).is_none() {
            return event_at - IMPLAUSIBLE_AGE;
        }
        self.at(event_at, appended_at)
    }

    /// Whether the reading has any value.
    #[must_use]
    pub fn says_something(&self) -> bool {
        let values = [self.energy_wh, self.power_w, self.voltage_v, self.current_a, self.soc_percent];
        values.iter().any(Option::is_some) || self.temperature_c.is_some()
    }

    /// Merges the values of `other`, a reading for the same instant: the greater values are kept.
    pub fn merge(&mut self, other: &Self) {
        for (held, offered) in [
            (&mut self.energy_wh, other.energy_wh),
            (&mut self.power_w, other.power_w),
            (&mut self.voltage_v, other.voltage_v),
            (&mut self.current_a, other.current_a),
            (&mut self.soc_percent, other.soc_percent),
            (&mut self.temperature_c, other.temperature_c),
        ] {
            *held = offered.map(|value| held.map_or(value, |held| held.max(value))).or(*held);
        }
    }
}

/// A value and the instant at which it is valid. The newer value wins, and of two for the same
/// instant the greater one, so that the order of arrival makes no difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dated<T> {
    /// The instant at which the value was valid.
    pub at: DateTime<Utc>,
    /// The value.
    pub value: T,
}

/// Replaces `current` with `offered` if that is newer; returns whether it did.
pub fn keep_newer<T: PartialOrd>(current: &mut Option<Dated<T>>, offered: Dated<T>) -> bool {
    let wins = current.as_ref().is_none_or(|held| (offered.at, &offered.value) > (held.at, &held.value));
    if wins {
        *current = Some(offered);
    }
    wins
}
