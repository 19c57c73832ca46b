//! `[fleet]` and `[load]`: the charge points of the binary.

use serde::Deserialize;

/// `[fleet]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FleetSettings {
    /// The number of charge points.
    pub charge_points: u32,
    /// The prefix of their ids; six digits follow.
    pub id_prefix: String,
    /// Connectors of each charge point.
    pub connectors: u16,
    /// The name of the model.
    pub model: String,
    /// The name of the vendor.
    pub vendor: String,
    /// The version of the firmware.
    pub firmware: String,
    /// The greatest power of a connector, in kW.
    pub max_power_kw: f64,
}

/// `[load]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadSettings {
    /// Events per second over all pods.
    pub events_per_second: u32,
    /// The duration of the load, in seconds.
    pub duration_s: u64,
    /// The number of charge points.
    pub charge_points: u32,
    /// The prefix of their ids; six digits follow.
    pub id_prefix: String,
    /// Connectors of each charge point.
    pub connectors: u16,
    /// The fraction of events that are sent again later with the same id.
    pub duplicates: f64,
    /// The fraction of events that are a move to another pod.
    pub moves: f64,
    /// The seed of random choices; the same seed leads to the same choices.
    pub seed: u64,
}
