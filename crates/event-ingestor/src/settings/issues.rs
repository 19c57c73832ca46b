//! `[issues]`: the rules by which issues open.

use chrono::TimeDelta;
use domain::issues::{OutageRules, Rule};
use serde::Deserialize;
use std::time::Duration;
use storage::issues::EvaluationRules;

/// The rules by which issues open, and how long issues are kept. 0 turns a rule off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueSettings {
    /// Whether this replica may evaluate issues.
    pub enabled: bool,
    /// Whether faults and error codes of connectors are issues.
    pub faults: bool,
    /// OCPP 1.6 error codes that are no fault unless the connector is `Faulted`.
    pub ignored_error_codes: Vec<String>,
    /// How long a device must be offline, in seconds.
    pub offline_after_s: u32,
    /// How often a device must connect and disconnect within the window, counting both.
    pub flapping_changes: u16,
    /// That window, in seconds.
    pub flapping_window_s: u32,
    /// How long after the time of an accepted start a session may begin, in seconds.
    pub start_grace_s: u32,
    /// The least energy of a session, in Wh.
    pub min_energy_wh: u32,
    /// The duration from which a session needs that energy, in seconds.
    pub min_energy_after_s: u32,
    /// How much later, or earlier, than the time that it claims a status may arrive, in seconds.
    pub max_clock_lag_s: u32,
    /// How many such statuses in a row are a wrong clock.
    pub clock_lag_count: u16,
    /// How long a session may be open, in hours.
    pub stuck_session_h: u32,
    /// Whether sessions without a price are issues.
    pub price_gaps: bool,
    /// The least number of devices of an outage.
    pub outage_min_devices: u32,
    /// The least share of the devices of a gateway or a station in an outage, in percent.
    pub outage_min_percent: u32,
    /// How long closed issues and past maintenance windows are kept, in days.
    pub retention_days: u32,
}

impl IssueSettings {
    /// What the evaluator needs; `None` if issues are turned off. `ingest_topic` is the topic of the
    /// gateways' events; `is_metered`: whether the feed has the energy of open sessions.
    #[must_use]
    pub fn evaluation(&self, ingest_topic: &str, is_metered: bool) -> Option<EvaluationRules> {
        self.enabled.then(|| EvaluationRules {
            rules: self.rules(is_metered),
            outages: self.outages(),
            ingest_topic: ingest_topic.to_owned(),
        })
    }

    fn rules(&self, is_metered: bool) -> Vec<Rule> {
        let seconds = |number: u32| TimeDelta::seconds(number.into());
        let rules = [
            self.faults
                .then(|| Rule::Fault { ignored_codes: self.ignored_error_codes.iter().cloned().collect() }),
            (self.offline_after_s > 0).then(|| Rule::Offline { after: seconds(self.offline_after_s) }),
            (self.flapping_changes > 0).then(|| Rule::Flapping {
                changes: self.flapping_changes,
                window: seconds(self.flapping_window_s),
            }),
            (self.start_grace_s > 0).then(|| Rule::StartWithoutCharge { grace: seconds(self.start_grace_s) }),
            (self.min_energy_wh > 0).then(|| Rule::SessionWithoutEnergy {
                min_energy_wh: self.min_energy_wh.into(),
                min_duration: seconds(self.min_energy_after_s),
                while_open: is_metered,
            }),
            (self.max_clock_lag_s > 0).then(|| Rule::ClockSkew {
                max_lag: seconds(self.max_clock_lag_s),
                count: self.clock_lag_count,
            }),
            (self.stuck_session_h > 0)
                .then(|| Rule::StuckSession { after: TimeDelta::hours(self.stuck_session_h.into()) }),
            self.price_gaps.then_some(Rule::PriceGap),
        ];
        rules.into_iter().flatten().collect()
    }

    const fn outages(&self) -> OutageRules {
        OutageRules { min_devices: self.outage_min_devices, min_percent: self.outage_min_percent }
    }

    /// How long closed issues and past maintenance windows are kept.
    #[must_use]
    pub fn retention(&self) -> Duration {
        super::days(self.retention_days)
    }
}
