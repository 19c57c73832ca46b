//! The pace of a station: all batches to its piles wait for their turns in one queue, so that two
//! batches do not command it twice as fast.

#[cfg(test)]
mod tests;

use domain::ids::StationId;
use runtime::lock::MutexExt as _;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The paces of the stations that this replica commands. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct StationPaces {
    known: Arc<Mutex<HashMap<StationId, Arc<StationPace>>>>,
}

/// The queue of a station. Batches wait in it in the order in which they ask, each with one command
/// at a time.
pub(super) struct StationPace {
    /// When the next command may be sent.
    next_at: tokio::sync::Mutex<Instant>,
}

impl StationPaces {
    /// The pace of `station`. It outlives the batches that use it for as long as the next command has
    /// to wait.
    pub(super) fn of(&self, station: StationId) -> Arc<StationPace> {
        let mut known = self.known.locked();
        known.retain(|_station, pace| Arc::strong_count(pace) > 1 || pace.must_wait());
        Arc::clone(
            known.entry(station).or_insert_with(|| {
                Arc::new(StationPace { next_at: tokio::sync::Mutex::new(Instant::now()) })
            }),
        )
    }
}

impl StationPace {
    /// Waits until the next command may be sent; no other one follows within `gap`. A late command
    /// delays all that follow, so the rate is never exceeded.
    pub(super) async fn turn(&self, gap: Duration) {
        let mut next_at = self.next_at.lock().await;
        sleep_until(*next_at).await;
        *next_at = Instant::now() + gap;
    }

    fn must_wait(&self) -> bool {
        self.next_at.try_lock().map_or(true, |next_at| *next_at > Instant::now())
    }
}
