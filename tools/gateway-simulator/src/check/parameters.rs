//! The time limits, tolerances and bounds of a check.

use chrono::TimeDelta;

/// The parameters of a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// The silence after which the platform considers a device offline.
    pub heartbeat_timeout: TimeDelta,
    /// The longest interval of a device's heartbeats.
    pub heartbeat_interval: TimeDelta,
    /// The tolerated difference between the times of events and of their records.
    pub clock_skew: TimeDelta,
    /// The tolerated delay between observations that belong together.
    pub settle: TimeDelta,
    /// The greatest number of devices that are judged.
    pub max_devices: usize,
    /// The greatest number of events that are remembered.
    pub max_events: usize,
    /// The agreed number of partitions of the command topic.
    pub command_partitions: u16,
}
