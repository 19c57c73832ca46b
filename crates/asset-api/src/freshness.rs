//! Determines how current the shown state of devices is.

mod policy;
mod progress;

pub use policy::{Confidence, FreshnessPolicy};
pub use progress::IngestProgress;
