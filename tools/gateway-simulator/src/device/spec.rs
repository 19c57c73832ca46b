//! What a charge point is, and how quick it is.

use chrono::TimeDelta;
use domain::ids::ChargePointId;

/// What a charge point is.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceSpec {
    /// Its own name.
    pub charge_point_id: ChargePointId,
    /// The number of the pod that it connects to; chosen by its name when absent.
    pub pod: Option<usize>,
    /// How many connectors it has.
    pub connectors: u16,
    /// Model name.
    pub model: String,
    /// Vendor name.
    pub vendor: String,
    /// Firmware version.
    pub firmware: String,
    /// What a connector gives at most, in kW.
    pub max_power_kw: f64,
    /// What the energy register of each connector shows at first, in Wh; absent: as the gateway's
    /// manner has it.
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

    /// The same, connecting to the pod of this number.
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

    /// The same, with so many connectors.
    #[must_use]
    pub fn with_connectors(self, connectors: u16) -> Self {
        Self { connectors, ..self }
    }
}

/// How quick a charge point is; `None` is never.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Between heartbeats.
    pub heartbeat: Option<TimeDelta>,
    /// The share of that interval until the first one, so that a fleet does not beat as one.
    pub phase: f64,
    /// Between meter values of a running transaction.
    pub meter: Option<TimeDelta>,
    /// How long the vehicle stays plugged in after a transaction; for ever means until it is unplugged.
    pub finishing: Option<TimeDelta>,
    /// How long a restart takes.
    pub reboot: TimeDelta,
}

impl Pace {
    /// How long until the first of what happens at this interval.
    pub(super) fn first(&self, interval: TimeDelta) -> TimeDelta {
        let whole = interval.to_std().unwrap_or_default();
        TimeDelta::from_std(whole.mul_f64(self.phase.clamp(0.0, 1.0))).unwrap_or(interval)
    }
}
