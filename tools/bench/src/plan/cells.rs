//! How several cells in one database are measured.

/// How several cells in one database are measured.
#[derive(Debug, Clone, Copy)]
pub struct CellPlan {
    /// Charge points of each cell.
    pub charge_points: u32,
    /// Events of the backlog of all cells together.
    pub events: u32,
}

impl CellPlan {
    pub(super) const fn full() -> Self {
        Self { charge_points: 20_000, events: 300_000 }
    }

    pub(super) const fn quick() -> Self {
        Self { charge_points: 300, events: 10_000 }
    }
}
