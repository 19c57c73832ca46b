//! `[life]`: what charge points do by themselves.

use super::BehaviourSettings;
use crate::device::Pace;
use crate::random::Random;
use chrono::TimeDelta;
use domain::ids::ChargePointId;
use serde::Deserialize;

/// `[life]`; the default is to do nothing.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifeSettings {
    /// Seconds between heartbeats; 0 for none.
    pub heartbeat_interval_s: u32,
    /// Seconds between meter values of a running transaction; 0 for none.
    pub meter_interval_s: u32,
    /// Spontaneous sessions of one charge point; 0 for none.
    pub sessions_per_hour: f64,
    /// Mean length of such a session, in seconds.
    pub session_s: u32,
    /// Faults of one charge point; 0 for none.
    pub faults_per_day: f64,
    /// The same seed, the same life.
    pub seed: u64,
}

impl LifeSettings {
    /// Whether anything happens by itself.
    #[must_use]
    pub fn is_eventful(&self) -> bool {
        self.heartbeat_interval_s > 0
            || self.meter_interval_s > 0
            || self.sessions_per_hour > 0.0
            || self.faults_per_day > 0.0
    }

    /// The intervals that this device keeps.
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
