//! Devices as gateways report them: charge points, their connectors, and their connectivity.

pub mod boot_probe;
pub mod change;
pub mod charge_point;
pub mod connector;
pub mod history;
pub mod liveness;
pub mod presence;
pub mod sample;
