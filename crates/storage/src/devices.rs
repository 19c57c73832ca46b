//! Devices: their rows, their status and meter histories, and the detection of silent devices.

pub mod charge_points;
pub mod connectors;
pub mod device_counts;
pub mod meter_samples;
pub mod presence;
pub mod status_changes;
