//! `[fleet]` and `[load]`: the charge points of the binary.

use serde::Deserialize;

/// `[fleet]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FleetSettings {
    /// How many charge points.
    pub charge_points: u32,
    /// What their ids begin with; six digits follow.
    pub id_prefix: String,
    /// Connectors of each.
    pub connectors: u16,
    /// Model name.
    pub model: String,
    /// Vendor name.
    pub vendor: String,
    /// Firmware version.
    pub firmware: String,
    /// What a connector gives at most, in kW.
    pub max_power_kw: f64,
}

/// `[load]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadSettings {
    /// Events per second, over all pods.
    pub events_per_second: u32,
    /// Seconds to go on for.
    pub duration_s: u64,
    /// How many charge points take part.
    pub charge_points: u32,
    /// What their ids begin with; six digits follow.
    pub id_prefix: String,
    /// Connectors of each.
    pub connectors: u16,
    /// Fraction of events that are sent again later, under the same id.
    pub duplicates: f64,
    /// Fraction of events that are a move to another pod.
    pub moves: f64,
    /// The same seed, the same choices.
    pub seed: u64,
}
