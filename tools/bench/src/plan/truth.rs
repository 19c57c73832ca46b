//! How the time to truth is measured.

use super::seconds;
use std::time::Duration;

/// How the time to truth is measured.
#[derive(Debug, Clone)]
pub struct TruthPlan {
    /// Devices that move to another pod without a boot.
    pub moved: u32,
    /// Devices of the pod that is killed.
    pub devices: u32,
    /// Devices of other pods.
    pub other_devices: u32,
    /// Events per second that those send.
    pub other_rate: u32,
    /// The time at the beginning of those events that is not counted.
    pub warm_up: Duration,
    /// How long those events are measured before the kill.
    pub baseline: Duration,
    /// The longest time that the devices of the killed pod are observed.
    pub watch: Duration,
    /// Milliseconds between two events of a gateway pod; the deployed gateway has 10.
    pub pace_ms: u64,
    /// Whether the devices of the killed pod send nothing between their boot and the kill, except
    /// answers to probes.
    pub idle: bool,
}

impl TruthPlan {
    pub(super) const fn full() -> Self {
        Self {
            moved: 50,
            devices: 10_000,
            other_devices: 10_000,
            other_rate: 600,
            warm_up: seconds(3),
            baseline: seconds(30),
            watch: seconds(150),
            pace_ms: 10,
            idle: false,
        }
    }

    pub(super) const fn quick() -> Self {
        Self {
            moved: 10,
            devices: 300,
            other_devices: 300,
            other_rate: 100,
            warm_up: seconds(1),
            baseline: seconds(5),
            watch: seconds(75),
            pace_ms: 10,
            idle: false,
        }
    }
}
