//! Looking how far each partition is, again and again.

use super::Offsets;
use crate::server::{self, Connection};
use anyhow::bail;
use runtime::lock::MutexExt as _;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::task::AbortOnDropHandle;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(4);

/// For each partition, the offsets that it had come to, each with the time in µs at which that was seen.
pub type Sightings = BTreeMap<i32, Vec<(i64, i64)>>;

/// Looks until it is dropped.
pub struct Watch {
    state: Arc<Mutex<State>>,
    _task: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct State {
    current: Offsets,
    sightings: Sightings,
    looks: u32,
    failed: Option<String>,
}

impl Watch {
    /// Begins to look at the partitions of `topic`.
    pub fn start(connection: Connection, topic: &str) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let task = tokio::spawn(look(connection, topic.to_owned(), Arc::clone(&state)));
        Self { state, _task: AbortOnDropHandle::new(task) }
    }

    /// How far each partition is.
    pub fn current(&self) -> anyhow::Result<Offsets> {
        let state = locked(&self.state);
        if let Some(failed) = &state.failed {
            bail!("the database could not be looked at: {failed}");
        }
        Ok(state.current.clone())
    }

    /// Forgets what was seen so far.
    pub fn forget(&self) {
        let mut state = locked(&self.state);
        state.sightings.clear();
        state.looks = 0;
    }

    /// What was seen since, and in how many looks.
    pub fn take(&self) -> (Sightings, u32) {
        let mut state = locked(&self.state);
        (std::mem::take(&mut state.sightings), std::mem::take(&mut state.looks))
    }

    /// Waits until every partition has passed `ends`; says whether it came to that within `patience`.
    pub async fn passes(&self, ends: &Offsets, patience: Duration) -> anyhow::Result<bool> {
        let begun = std::time::Instant::now();
        loop {
            let current = self.current()?;
            if ends.iter().all(|(partition, end)| current.get(partition).is_some_and(|now| now >= end)) {
                return Ok(true);
            }
            if begun.elapsed() > patience {
                return Ok(false);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn look(mut connection: Connection, topic: String, state: Arc<Mutex<State>>) {
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let progress = server::progress(&mut connection, &topic).await;
        let at = runtime::clock::now().timestamp_micros();
        let mut state = locked(&state);
        match progress {
            Ok(progress) => state.saw(progress, at),
            Err(error) => {
                state.failed = Some(error.to_string());
                return;
            }
        }
    }
}

impl State {
    fn saw(&mut self, progress: Vec<(i32, i64)>, at: i64) {
        self.looks += 1;
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
