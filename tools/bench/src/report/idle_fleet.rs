//! The result for a fleet that sends nothing.

use serde::Serialize;

/// A fleet that sends nothing, and is not silent for long enough to be offline.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct IdleFleet {
    /// Its charge points.
    pub charge_points: u32,
    /// Measured seconds.
    pub seconds: f64,
    /// CPU of the ingestors, in cores.
    pub ingestor_cores: f64,
    /// CPU of `PostgreSQL`, in cores.
    pub postgres_cores: f64,
}

impl IdleFleet {
    /// CPU of both, in cores.
    #[must_use]
    pub fn cores(&self) -> f64 {
        self.ingestor_cores + self.postgres_cores
    }
}
