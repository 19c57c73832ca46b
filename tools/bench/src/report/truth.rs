//! The results of the time to truth: for how long the database is wrong about where devices are.

use super::Latency;
use crate::meters::ProcessUse;
use crate::numbers::{round, share};
use serde::Serialize;

/// The time to truth.
#[derive(Debug, Clone, Serialize)]
pub struct Truth {
    /// Devices that moved to another pod without a boot.
    pub moved: MovedDevices,
    /// A pod that was killed.
    pub killed: KilledPod,
}

/// Devices that moved to another pod without a boot.
#[derive(Debug, Clone, Serialize)]
pub struct MovedDevices {
    /// Devices that moved.
    pub devices: u64,
    /// Devices for which a command reached the partition of the new pod in time.
    pub followed: u64,
    /// For those, from the first event through the new pod to the first command in its partition.
    pub latency: Latency,
}

/// A pod that was killed, with its devices.
#[derive(Debug, Clone, Serialize)]
pub struct KilledPod {
    /// Devices that were connected to it.
    pub devices: u64,
    /// Whether they sent nothing between their boot and the kill, except answers to probes.
    pub idle: bool,
    /// Of those, devices that reconnected through another pod, half of them without a boot.
    pub returned: u64,
    /// Seconds from the kill to the last snapshot.
    pub watched_s: f64,
    /// Milliseconds between two snapshots; counts as time to truth.
    #[serde(rename = "look_ms")]
    pub snapshot_ms: f64,
    /// From the kill until a device was no longer shown as connected to the killed pod.
    pub noticed: Arrivals,
    /// From the kill until a device was shown offline, or where it really was.
    pub settled: Arrivals,
    /// One snapshot for each second after the kill.
    pub seconds: Vec<Counts>,
    /// The last snapshot.
    pub at_end: Counts,
    /// The events of the devices of other pods.
    pub others: OtherDevices,
}

/// When devices reached a state, in seconds; `None` where too few did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Arrivals {
    /// Devices in that state in the last snapshot.
    pub reached: u64,
    /// For half of the devices.
    pub p50_s: Option<f64>,
    /// For 95 of 100.
    pub p95_s: Option<f64>,
    /// For all of them.
    pub max_s: Option<f64>,
}

/// The states of the killed pod's devices in the database. The counts exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Online through the killed pod, without doubt: wrong.
    pub live: u64,
    /// Online through the killed pod, doubtful.
    pub doubtful: u64,
    /// Offline, and not connected to any pod: right.
    pub offline: u64,
    /// Offline, of the devices that reconnect through another pod: wrong once they have
    /// reconnected.
    pub offline_returned: u64,
    /// Online through another pod: right.
    pub elsewhere: u64,
}

/// The events of the devices of other pods, from appended to visible.
#[derive(Debug, Clone, Serialize)]
pub struct OtherDevices {
    /// The number of devices.
    pub devices: u32,
    /// The requested events per second.
    pub rate: u32,
    /// Before the kill.
    pub before: Latency,
    /// From the kill to the last snapshot.
    pub after: Latency,
    /// The growth of P95 from before to after the kill, in percent.
    pub p95_growth_percent: f64,
    /// Intervals of the baseline and of the time after the kill, which show what slows events down.
    pub intervals: Vec<Interval>,
}

/// An interval of the run: the latency of events, and the use of each process.
#[derive(Debug, Clone, Serialize)]
pub struct Interval {
    /// Seconds from the kill to the beginning; negative before the kill.
    pub from_s: f64,
    /// Events of other devices that were sent in it.
    pub events: u64,
    /// Their latency.
    pub latency: Latency,
    /// The use of each process.
    pub processes: Vec<ProcessUse>,
}

/// The latency of events from appended to visible, before and after an instant.
#[derive(Debug, Clone)]
pub struct BeforeAndAfter {
    /// Before.
    pub before: Latency,
    /// After.
    pub after: Latency,
    /// Both, in intervals.
    pub intervals: Vec<Interval>,
}

impl Counts {
    /// All devices.
    pub const fn total(&self) -> u64 {
        self.noticed() + self.live
    }

    /// Devices that are no longer shown as connected to the killed pod without doubt.
    pub const fn noticed(&self) -> u64 {
        self.doubtful + self.offline_returned + self.settled()
    }

    /// Devices that are shown offline, or where they really are.
    pub const fn settled(&self) -> u64 {
        self.offline + self.elsewhere
    }
}

impl OtherDevices {
    /// Compares the time after the kill with the time before.
    pub fn new(devices: u32, rate: u32, compared: BeforeAndAfter) -> Self {
        let BeforeAndAfter { before, after, intervals } = compared;
        let growth = share(after.p95_ms - before.p95_ms, before.p95_ms) * 100.0;
        Self { devices, rate, before, after, p95_growth_percent: round(growth, 1), intervals }
    }
}
