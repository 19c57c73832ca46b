//! What a meter says, in the platform's units: Wh, W, V, A, %, °C.

use chrono::{DateTime, Utc};

/// One reading of a connector's meter: the measurands that were reported for one instant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MeterReading {
    /// When it was taken, as the device says; `None` when it did not say.
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

/// A value and the instant it is true for; the newer one wins, and of two for the same instant the greater one, so
/// that the outcome does not depend on which arrived first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dated<T> {
    /// The instant.
    pub at: DateTime<Utc>,
    /// The value.
    pub value: T,
}

/// Puts `offered` in the place of `current` if it is newer; says whether it did.
pub fn keep_newer<T: PartialOrd>(current: &mut Option<Dated<T>>, offered: Dated<T>) -> bool {
    let wins = current.as_ref().is_none_or(|held| (offered.at, &offered.value) > (held.at, &held.value));
    if wins {
        *current = Some(offered);
    }
    wins
}
