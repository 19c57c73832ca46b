//! How the overshoot of limits of sessions is measured.

use super::seconds;
use std::time::Duration;

/// How the overshoot of limits of sessions is measured.
#[derive(Debug, Clone)]
pub struct LimitPlan {
    /// Sessions with `maxEnergyWh`, each on its own device.
    pub energy: u32,
    /// Sessions with `maxDurationS`, each on its own device.
    pub duration: u32,
    /// The power of each device, in W.
    pub power_w: u32,
    /// The interval of meter readings, in seconds; the limits are spread over it.
    pub reading_s: u32,
    /// The time in which a session reaches the smallest limit, in seconds; the greatest takes one
    /// interval of readings more.
    pub shortest_s: u32,
    /// The time over which the starts are spread. It is not a multiple of the interval in which
    /// limits are checked, so that readings fall at all phases of that interval.
    pub spread: Duration,
    /// Devices without sessions that have limits.
    pub other_devices: u32,
    /// Events per second that those send.
    pub other_rate: u32,
    /// How long they send events before the first start.
    pub warm_up: Duration,
    /// The time after the last start within which all limits must be settled.
    pub timeout: Duration,
}

impl LimitPlan {
    pub(super) const fn full() -> Self {
        Self {
            energy: 200,
            duration: 100,
            power_w: 120_000,
            reading_s: 10,
            shortest_s: 30,
            spread: seconds(61),
            other_devices: 10_000,
            other_rate: 600,
            warm_up: seconds(3),
            timeout: seconds(150),
        }
    }

    pub(super) const fn quick() -> Self {
        Self {
            energy: 20,
            duration: 10,
            shortest_s: 10,
            spread: seconds(7),
            other_devices: 300,
            other_rate: 100,
            warm_up: seconds(1),
            ..Self::full()
        }
    }
}
