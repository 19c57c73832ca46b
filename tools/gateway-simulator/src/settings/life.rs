//! `[life]`: what charge points do by themselves.

use super::BehaviourSettings;
use crate::device::Pace;
use crate::random::Random;
use chrono::TimeDelta;
use domain::ids::ChargePointId;
use serde::Deserialize;

/// `[life]`; by default charge points do nothing by themselves.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifeSettings {
    /// The interval of heartbeats, in seconds; 0 for none.
    pub heartbeat_interval_s: u32,
    /// The interval of meter values of a running transaction, in seconds; 0 for none.
    pub meter_interval_s: u32,
    /// Spontaneous sessions per hour of one charge point; 0 for none.
    pub sessions_per_hour: f64,
    /// The mean duration of such a session, in seconds.
    pub session_s: u32,
    /// Faults per day of one charge point; 0 for none.
    pub faults_per_day: f64,
    /// The seed of random choices; the same seed leads to the same life.
    pub seed: u64,
}

impl LifeSettings {
    /// Whether charge points do anything by themselves.
    #[must_use]
    pub fn is_eventful(&self) -> bool {
        self.heartbeat_interval_s > 0
            || self.meter_interval_s > 0
            || self.sessions_per_hour > 0.0
            || self.faults_per_day > 0.0
    }

    /// The intervals of this device.
    #[must_use]
    pub fn pace(&self, behaviour: &BehaviourSettings, id: &ChargePointId) -> Pace {
        let some = |delta: TimeDelta| Some(delta).filter(|delta| !delta.is_zero());
        Pace {
            heartbeat: some(TimeDelta::seconds(self.heartbeat_interval_s.into())),
            phase: Random::new(self.seed, &format!("{id} heartbeat")).fraction(),
            meter: some(TimeDelta::seconds(self.meter_interval_s.into())),
            finishing: some(TimeDelta::milliseconds(behaviour.finishing_ms.into())),
            reboot: TimeDelta::milliseconds(behaviour.reboot_ms.into()),
        }
    }
}
