//! Faults of a simulated day.

/// A fault, at a minute of the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// A gateway pod dies without a `disconnected`; its devices reconnect to other pods.
    PodDeath {
        /// The minute.
        at: u32,
        /// Its share of all devices.
        share: f64,
    },
    /// The network between devices and gateways is cut; gateways send a `disconnected` per device.
    NetworkOutage {
        /// The first minute.
        at: u32,
        /// The duration in minutes.
        minutes: u32,
        /// The share of all devices that are cut off.
        share: f64,
    },
    /// Nothing is written: PostgreSQL is unavailable, or no ingestor runs.
    WriteOutage {
        /// The first minute.
        at: u32,
        /// The duration in minutes.
        minutes: u32,
    },
}

/// One fault of each kind: at 9:00 a pod with a hundredth of the devices dies, at 12:30 a fifth of
/// the fleet is cut off, and in the busiest hour PostgreSQL is unavailable for ten minutes.
pub const fn default_faults() -> [Fault; 3] {
    [
        Fault::PodDeath { at: 9 * 60, share: 0.01 },
        Fault::NetworkOutage { at: 12 * 60 + 30, minutes: 5, share: 0.2 },
        Fault::WriteOutage { at: 19 * 60 + 30, minutes: 10 },
    ]
}

impl Fault {
    /// Whether nothing is written in this minute.
    pub const fn stops_writes(&self, minute: u32) -> bool {
        matches!(self, Self::WriteOutage { at, minutes } if *at <= minute && minute < *at + *minutes)
    }
}
