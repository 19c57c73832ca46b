//! Times in which no issue opens, because somebody works at the place.

use crate::ids::ChargePointId;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// The time of a maintenance window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The beginning.
    pub from: DateTime<Utc>,
    /// The end, exclusive.
    pub until: DateTime<Utc>,
}

/// The maintenance windows of devices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Maintenance(HashMap<ChargePointId, Vec<Period>>);

impl Maintenance {
    /// Adds a window at a device.
    pub fn add(&mut self, device: ChargePointId, period: Period) {
        self.0.entry(device).or_default().push(period);
    }

    /// When the work at the device ends that is in progress at `at`; `None` if there is none. Windows
    /// that overlap or follow each other are one.
    #[must_use]
    pub fn ends(&self, device: &ChargePointId, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let periods = self.0.get(device)?;
        let mut end = at;
        while let Some(period) = periods.iter().find(|period| period.from <= end && end < period.until) {
            end = period.until;
        }
        (end > at).then_some(end)
    }
}
