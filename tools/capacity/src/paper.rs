//! The same questions answered on paper: means and peaks by multiplication.

use crate::costs::{EVENTS, REPLICA, ROWS_PER_CORE};
use crate::fleet::{Fleet, seconds};
use crate::kinds::Events;

/// What arithmetic says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paper {
    /// Events in a mean second.
    pub mean: Events,
    /// Events in a second of the busiest hour: as many sessions as would go on if that hour never ended.
    pub peak: Events,
}

impl Paper {
    /// What it says of `fleet`.
    pub fn of(fleet: &Fleet) -> Self {
        let mean = fleet.piles * fleet.sessions_per_day / seconds();
        Self { mean: at(fleet, mean), peak: at(fleet, fleet.most_wanted() / 60.0) }
    }

    /// Rows in a second of the busiest hour.
    pub fn peak_rows(&self) -> f64 {
        self.peak.at(&EVENTS, |cost| cost.rows)
    }

    /// Minutes until all is written that came while nothing was, for `minutes`, in the busiest hour; `None`: never.
    pub fn drained_min(&self, fleet: &Fleet, minutes: f64) -> Option<f64> {
        let (rows, capacity) = (self.peak_rows(), fleet.cores * ROWS_PER_CORE);
        (rows < capacity).then(|| minutes * rows / (capacity - rows))
    }

    /// Ingestors for the busiest hour, and one more.
    pub fn replicas(&self) -> f64 {
        replicas(self.peak.total())
    }

    /// Cores of `PostgreSQL` for the busiest hour, at half of what they can.
    pub fn cores(&self) -> f64 {
        cores(self.peak_rows())
    }
}

/// Ingestors for so many events in a second, and one more.
pub fn replicas(events: f64) -> f64 {
    (events / REPLICA).ceil() + 1.0
}

/// Cores of `PostgreSQL` for so many rows in a second, at half of what they can.
pub fn cores(rows: f64) -> f64 {
    (rows / (ROWS_PER_CORE / 2.0)).ceil()
}

/// What a second holds when so many sessions begin, and end, in it.
fn at(fleet: &Fleet, sessions: f64) -> Events {
    // Little's law: who is there is who comes times how long they stay.
    let charging = sessions * fleet.session_min * 60.0;
    Events {
        heartbeat: fleet.piles / fleet.heartbeat_s,
        reading: charging / fleet.meter_s,
        status: 4.0 * sessions,
        start: sessions,
        stop: sessions,
        hello: 0.0,
        goodbye: 0.0,
    }
}
