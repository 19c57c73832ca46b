//! Polls the progress of each partition.

use super::Offsets;
use crate::database::Connection;
use crate::server;
use anyhow::bail;
use runtime::every;
use runtime::lock::MutexExt as _;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// The polling interval.
const POLL_INTERVAL: Duration = Duration::from_millis(4);

/// For each partition, the observed offsets, each with the time of the observation in µs.
pub type Sightings = BTreeMap<i32, Vec<(i64, i64)>>;

/// Polls until it is dropped.
pub struct Watch {
    state: Arc<Mutex<State>>,
    _task: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct State {
    current: Offsets,
    sightings: Sightings,
    polls: u32,
    failed: Option<String>,
}

impl Watch {
    /// Starts to poll the partitions of `topic`.
    pub fn start(connection: Connection, topic: &str) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let task = tokio::spawn(poll(connection, topic.to_owned(), Arc::clone(&state)));
        Self { state, _task: AbortOnDropHandle::new(task) }
    }

    /// The progress of each partition.
    pub fn current(&self) -> anyhow::Result<Offsets> {
        let state = locked(&self.state);
        if let Some(failed) = &state.failed {
            bail!("the progress could not be read from the database: {failed}");
        }
        Ok(state.current.clone())
    }

    /// Clears all observations so far.
    pub fn clear(&self) {
        let mut state = locked(&self.state);
        state.sightings.clear();
        state.polls = 0;
    }

    /// Takes the observations since the last call, and the number of polls.
    pub fn take_observations(&self) -> (Sightings, u32) {
        let mut state = locked(&self.state);
        (std::mem::take(&mut state.sightings), std::mem::take(&mut state.polls))
    }

    /// Waits until every partition has passed `ends`; returns whether that happened within
    /// `limit`.
    pub async fn wait_until_passed(&self, ends: &Offsets, limit: Duration) -> anyhow::Result<bool> {
        let begun = std::time::Instant::now();
        loop {
            let current = self.current()?;
            if ends.iter().all(|(partition, end)| current.get(partition).is_some_and(|now| now >= end)) {
                return Ok(true);
            }
            if begun.elapsed() > limit {
                return Ok(false);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

async fn poll(mut connection: Connection, topic: String, state: Arc<Mutex<State>>) {
    let mut ticks = every(POLL_INTERVAL);
    loop {
        ticks.tick().await;
        let progress = server::progress(&mut connection, &topic).await;
        let at = runtime::clock::now().timestamp_micros();
        let mut state = locked(&state);
        match progress {
            Ok(progress) => state.record(progress, at),
            Err(error) => {
                state.failed = Some(error.to_string());
                return;
            }
        }
    }
}

impl State {
    fn record(&mut self, progress: Vec<(i32, i64)>, at: i64) {
        self.polls += 1;
        for (partition, next_offset) in progress {
            if self.current.insert(partition, next_offset) != Some(next_offset) {
                self.sightings.entry(partition).or_default().push((next_offset, at));
            }
        }
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.locked()
}
