//! The estimate from averages: means and peaks by multiplication.

use crate::costs::{EVENTS, EVENTS_PER_INGESTOR_S, ROWS_PER_CORE_S};
use crate::fleet::{Fleet, SECONDS_PER_DAY};
use crate::per_kind::EventCounts;

/// An estimate for a fleet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Events per second, on average over the day.
    pub mean: EventCounts,
    /// Events per second in the busiest hour, as if that hour never ended.
    pub peak: EventCounts,
}

impl Estimate {
    /// The estimate for `fleet`.
    pub fn of(fleet: &Fleet) -> Self {
        let mean_starts_s = fleet.piles * fleet.sessions_per_day / SECONDS_PER_DAY;
        let peak_starts_s = fleet.peak_session_starts() / 60.0;
        Self { mean: events_per_s(fleet, mean_starts_s), peak: events_per_s(fleet, peak_starts_s) }
    }

    /// Rows per second in the busiest hour.
    pub fn peak_rows(&self) -> f64 {
        self.peak.total_cost(&EVENTS, |cost| cost.rows)
    }

    /// Minutes until the backlog of a write outage of `minutes` in the busiest hour is written;
    /// `None` if it never is.
    pub fn drain_min(&self, fleet: &Fleet, minutes: f64) -> Option<f64> {
        let (rows, capacity) = (self.peak_rows(), fleet.cores * ROWS_PER_CORE_S);
        (rows < capacity).then(|| minutes * rows / (capacity - rows))
    }

    /// Ingestors for the busiest hour, plus one.
    pub fn ingestors(&self) -> f64 {
        ingestors(self.peak.total())
    }

    /// Cores of PostgreSQL that are at half load in the busiest hour.
    pub fn cores(&self) -> f64 {
        cores(self.peak_rows())
    }
}

/// Ingestors for a rate of events, plus one.
pub fn ingestors(events_per_s: f64) -> f64 {
    (events_per_s / EVENTS_PER_INGESTOR_S).ceil() + 1.0
}

/// Cores of PostgreSQL that are at half load at a rate of rows.
pub fn cores(rows_per_s: f64) -> f64 {
    (rows_per_s / (ROWS_PER_CORE_S / 2.0)).ceil()
}

/// Events per second while `starts_s` sessions begin, and as many end, per second.
fn events_per_s(fleet: &Fleet, starts_s: f64) -> EventCounts {
    // Little's law: open sessions = starts per second × mean duration.
    let open_sessions = starts_s * fleet.session_min * 60.0;
    EventCounts {
        heartbeat: fleet.piles / fleet.heartbeat_s,
        meter_values: open_sessions / fleet.meter_s,
        status_changed: 4.0 * starts_s,
        started: starts_s,
        stopped: starts_s,
        connected: 0.0,
        disconnected: 0.0,
    }
}
