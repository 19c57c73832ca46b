//! All stations in memory, with their counts, so that lists and totals need no database.
//!
//! A task of each replica follows the feed of changes, which names what changed, and loads these
//! stations and piles again ([`follower`]). A list waits for a read of the feed that begins after the
//! request arrived. So it contains what was committed before, as a list from the database does,
//! whichever replica wrote it; one read serves all requests that wait for it. While the map is not
//! complete or cannot be read in time, lists are read from the database.

mod changes;
mod entry;
mod follower;
mod map;
mod metrics;
mod octree;
mod totals;
mod upkeep;

pub use entry::Entry;
pub use follower::Follower;
pub use map::Map;
pub use totals::Totals;

use chrono::{DateTime, Utc};
use metrics::Metrics;
use opentelemetry::metrics::Meter;
use runtime::lock::RwLockExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};
use storage::assets::stations::Filter;
use tokio::sync::{Notify, watch};

/// The longest time that a list waits for the feed to be read. Then the database is asked.
const PATIENCE: Duration = Duration::from_millis(500);

/// The map, and how current it is.
#[derive(Debug)]
pub struct StationMap {
    map: RwLock<Map>,
    state: watch::Sender<State>,
    /// Notified when a list waits for the feed to be read.
    wanted: Notify,
    /// Whether the first attempt to build the map has ended.
    attempted: AtomicBool,
    metrics: Metrics,
}

/// Whether the map can be used.
#[derive(Debug, Clone, Copy)]
enum State {
    /// It is not complete, or the database cannot be read.
    Away,
    /// It contains what was committed before the last complete read of the feed began.
    ReadAt {
        /// When the read began.
        began: Instant,
        /// The same by the clock.
        at: DateTime<Utc>,
    },
}

/// The map for one list.
pub struct CurrentMap<'a> {
    /// The stations; locked, so do not wait for anything.
    pub map: RwLockReadGuard<'a, Map>,
    /// Everything that was committed before is contained.
    pub counted_at: DateTime<Utc>,
}

impl StationMap {
    /// An empty map, which is not used until a [`Follower`] has filled it.
    pub fn new(meter: &Meter) -> Arc<Self> {
        let map = Arc::new(Self {
            map: RwLock::default(),
            state: watch::Sender::new(State::Away),
            wanted: Notify::new(),
            attempted: AtomicBool::new(false),
            metrics: Metrics::new(meter),
        });
        metrics::observe(meter, &map);
        map
    }

    /// Whether the map was built, or could not be: then lists are read from the database.
    pub fn is_settled(&self) -> bool {
        self.attempted.load(Ordering::Relaxed)
    }

    /// The map with all that was committed before the call; `None` if it cannot be used, or not for
    /// this filter: the words of a search and retired stations are only in the database.
    pub async fn current(&self, filter: &Filter) -> Option<CurrentMap<'_>> {
        if filter.search.is_some() || filter.retired {
            return None;
        }
        let counted_at = self.read_since(Instant::now()).await;
        self.metrics.listed(counted_at.is_some());
        Some(CurrentMap { counted_at: counted_at?, map: self.map.reading() })
    }

    /// Lists are read from the database until the feed is read again.
    fn leave(&self) {
        self.state.send_replace(State::Away);
    }

    /// Waits for a read of the feed that began after `arrival`, and returns when it did.
    async fn read_since(&self, arrival: Instant) -> Option<DateTime<Utc>> {
        let mut state = self.state.subscribe();
        self.wanted.notify_one();
        let usable = state.wait_for(|state| match state {
            State::Away => true,
            State::ReadAt { began, .. } => *began >= arrival,
        });
        match *tokio::time::timeout(PATIENCE, usable).await.ok()?.ok()? {
            State::Away => None,
            State::ReadAt { at, .. } => Some(at),
        }
    }
}
