//! The results for several cells in one database.

use serde::Serialize;

/// The results for several cells in one database.
#[derive(Debug, Clone, Serialize)]
pub struct Cells {
    /// Charge points of each cell.
    pub charge_points: u32,
    /// One cell with one ingestor.
    pub one: Drain,
    /// Two cells in two schemas, each with one ingestor, at once.
    pub two: Drain,
}

/// A backlog that was written as fast as possible.
#[derive(Debug, Clone, Serialize)]
pub struct Drain {
    /// Cells that wrote at once.
    pub cells: usize,
    /// Events that all of them wrote.
    pub events: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Events per second, of all cells together.
    pub events_per_s: f64,
}
