//! The specification of a charge point, and its intervals.

use chrono::TimeDelta;
use domain::ids::ChargePointId;

/// The specification of a charge point.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceSpec {
    /// Its id.
    pub charge_point_id: ChargePointId,
    /// The number of the pod to which it connects; `None`: chosen by its id.
    pub pod: Option<usize>,
    /// The number of connectors.
    pub connectors: u16,
    /// The name of the model.
    pub model: String,
    /// The name of the vendor.
    pub vendor: String,
    /// The version of the firmware.
    pub firmware: String,
    /// The greatest power of a connector, in kW.
    pub max_power_kw: f64,
    /// The first value of each connector's energy register, in Wh; `None`: determined by the
    /// gateway's manner.
    pub register_wh: Option<f64>,
}

impl DeviceSpec {
    /// A charge point with two connectors of 60 kW.
    #[must_use]
    pub fn new(charge_point_id: ChargePointId) -> Self {
        Self {
            charge_point_id,
            pod: None,
            connectors: 2,
            model: "SimCharge 60".to_owned(),
            vendor: "Simulated".to_owned(),
            firmware: "1.0.0".to_owned(),
            max_power_kw: 60.0,
            register_wh: None,
        }
    }

    /// The same, connecting to the pod with this number.
    #[must_use]
    pub fn on_pod(self, pod: usize) -> Self {
        Self { pod: Some(pod), ..self }
    }

    /// The same, whose energy registers show this many Wh at first.
    #[must_use]
    pub const fn with_register_wh(mut self, register_wh: f64) -> Self {
        self.register_wh = Some(register_wh);
        self
    }

    /// The same, with this many connectors.
    #[must_use]
    pub fn with_connectors(self, connectors: u16) -> Self {
        Self { connectors, ..self }
    }
}

/// The intervals of a charge point; `None` means never.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Between heartbeats.
    pub heartbeat: Option<TimeDelta>,
    /// The share of that interval until the first heartbeat, so that a fleet does not send all at
    /// once.
    pub phase: f64,
    /// Between meter values of a running transaction.
    pub meter: Option<TimeDelta>,
    /// How long the vehicle stays plugged in after a transaction; `None`: until it is unplugged.
    pub finishing: Option<TimeDelta>,
    /// How long a restart takes.
    pub reboot: TimeDelta,
}

impl Pace {
    /// The time until the first event of this interval.
    pub(super) fn first(&self, interval: TimeDelta) -> TimeDelta {
        let whole = interval.to_std().unwrap_or_default();
        TimeDelta::from_std(whole.mul_f64(self.phase.clamp(0.0, 1.0))).unwrap_or(interval)
    }
}
