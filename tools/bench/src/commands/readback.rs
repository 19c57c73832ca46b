//! Reads the command topic as gateways do, with long-polling fetches, and records when each record
//! could be read.

use anyhow::{Context as _, bail};
use runtime::kafka::{FetchError, Kafka, PartitionReader};
use runtime::lock::MutexExt as _;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

const FETCH_WAIT: Duration = Duration::from_millis(500);
const FETCH_BYTES: usize = 1 << 20;
/// The time within which the last record must be read after the last response 202.
const TIMEOUT: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// When each command was first read.
pub type ReadTimes = HashMap<Uuid, std::time::Instant>;

/// Reads the topic until it is dropped.
pub struct Readback {
    state: Arc<Mutex<State>>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

#[derive(Default)]
struct State {
    read: ReadTimes,
    failed: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommandRecord {
    command_id: Uuid,
}

impl Readback {
    /// Reads `partitions` of `topic` from their current ends, with one task each.
    pub async fn start(kafka: &Kafka, topic: &str, partitions: &[i32]) -> anyhow::Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let mut tasks = Vec::new();
        for partition in partitions {
            let reader = kafka.reader(topic, *partition);
            let from = reader.latest_offset().await?;
            let state = Arc::clone(&state);
            tasks.push(AbortOnDropHandle::new(tokio::spawn(async move {
                let error = read(&reader, from, &state).await;
                locked(&state).failed = Some(format!("{error:#}"));
            })));
        }
        Ok(Self { state, _tasks: tasks })
    }

    /// Waits until each of `ids` was read; returns when each was read, and clears what was read.
    pub async fn wait_for(&self, ids: impl Iterator<Item = Uuid>) -> anyhow::Result<ReadTimes> {
        let begun = Instant::now();
        for id in ids {
            while !self.has_read(id)? {
                if begun.elapsed() > TIMEOUT {
                    bail!("command {id} was answered with 202, but its record was not read");
                }
                sleep(POLL_INTERVAL).await;
            }
        }
        Ok(std::mem::take(&mut locked(&self.state).read))
    }

    fn has_read(&self, id: Uuid) -> anyhow::Result<bool> {
        let state = locked(&self.state);
        match &state.failed {
            Some(failed) => bail!("the command topic could not be read: {failed}"),
            None => Ok(state.read.contains_key(&id)),
        }
    }
}

/// Reads until an error occurs, and returns it.
async fn read(reader: &PartitionReader, from: i64, state: &Mutex<State>) -> anyhow::Error {
    let mut offset = from;
    loop {
        let fetched = match reader.fetch(offset, FETCH_WAIT, FETCH_BYTES).await {
            Ok(fetched) => fetched,
            Err(FetchError::Unavailable(_)) => {
                sleep(POLL_INTERVAL).await;
                continue;
            }
            Err(error) => return error.into(),
        };
        let now = std::time::Instant::now();
        for record in &fetched.records {
            let value = record.value.as_deref().unwrap_or_default();
            let decoded = serde_json::from_slice(value).with_context(|| format!("offset {}", record.offset));
            match decoded {
                // Copies come later and are the same command.
                Ok(CommandRecord { command_id }) => {
                    locked(state).read.entry(command_id).or_insert(now);
                }
                Err(error) => return error,
            }
            offset = record.offset + 1;
        }
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.locked()
}
