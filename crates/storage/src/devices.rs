//! Devices: their rows, the histories of their statuses and meters, and the look for silent ones.

pub mod charge_points;
pub mod connectors;
pub mod device_counts;
pub mod meter_samples;
pub mod presence;
pub mod status_changes;
