//! One device of a load run.

use crate::device::{Device, DeviceSpec, Pace};
use chrono::{DateTime, TimeDelta, Utc};
use domain::event::EventKind;
use domain::ids::ChargePointId;

/// A device, and where it is.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) device: Device,
    /// The pod that it is connected to.
    pub(super) pod: usize,
}

/// Something that happened to a device.
#[derive(Debug)]
pub(super) struct Happened {
    /// The device's number.
    pub(super) device: usize,
    /// The pod that saw it.
    pub(super) pod: usize,
    pub(super) at: DateTime<Utc>,
    pub(super) kind: EventKind,
}

impl Member {
    pub(super) fn new(id: ChargePointId, connectors: u16, pod: usize) -> Self {
        let never =
            Pace { heartbeat: None, phase: 1.0, meter: None, finishing: None, reboot: TimeDelta::zero() };
        let spec = DeviceSpec::new(id).with_connectors(connectors);
        Self { device: Device::new(spec, never), pod }
    }
}
