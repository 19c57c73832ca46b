//! Background tasks: timers, refreshes of `conn:` keys, and checks for new partitions.

use super::{Core, Origin};
use crate::device::Input;
use crate::directory;
use crate::error::SimulatorError;
use domain::ids::ChargePointId;
use runtime::lock::MutexExt as _;
use std::ops::Bound;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A task that runs until it is dropped.
pub(super) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// All background tasks.
pub(super) fn tasks(core: &Arc<Core>) -> Vec<Task> {
    let [timers, keys, topic] = [0; 3].map(|_| Arc::clone(core));
    let mut tasks: Vec<Task> = vec![
        Box::pin(async move { handle_timers(&timers).await }),
        Box::pin(async move { topic.publisher.watch_partitions().await }),
    ];
    if core.behaviour.maintains_keys() {
        tasks.push(Box::pin(async move { refresh_keys_repeatedly(&keys).await }));
    }
    for number in 0..core.pods.len() {
        let core = Arc::clone(core);
        tasks.push(Box::pin(async move {
            if let Some(pacer) = core.pod(number).and_then(|pod| pod.pacer.as_ref()) {
                pacer.run(&core.publisher).await;
            }
        }));
    }
    tasks
}

async fn handle_timers(core: &Core) {
    loop {
        let id = core.schedule.next().await;
        if let Err(error) = wake(core, &id).await {
            tracing::error!(charge_point_id = %id, %error, "the timer of a charge point could not be handled");
        }
    }
}

async fn wake(core: &Core, id: &ChargePointId) -> Result<(), SimulatorError> {
    let Some(slot) = core.slot(id) else {
        return Ok(());
    };
    let mut slot = slot.lock().await;
    let origin = Origin::now(slot.pod);
    let input = slot.wake(origin.at);
    let mut reactions = vec![slot.apply(input.clone(), &origin, core)];
    if input != Input::Tick {
        // An action of the device that is due at the same time must not be lost.
        reactions.push(slot.apply(Input::Tick, &origin, core));
    }
    for reaction in reactions {
        core.react(&mut slot, reaction, &origin).await.map(drop)?;
    }
    Ok(())
}

async fn refresh_keys_repeatedly(core: &Core) {
    let every = Duration::from_secs(core.settings.gateway.conn_refresh_s.max(1));
    let mut interval = tokio::time::interval(every);
    interval.tick().await;
    loop {
        interval.tick().await;
        refresh_keys(core).await;
    }
}

/// Writes all keys again, in chunks.
async fn refresh_keys(core: &Core) {
    let mut last = None;
    loop {
        let mut end_of_chunk = None;
        let outcome = core
            .directory
            .refresh(|| {
                let (entries, end) = next_entries(core, last.as_ref());
                end_of_chunk = end;
                entries
            })
            .await;
        if let Err(error) = outcome {
            core.counters().refreshes_failed.increment();
            tracing::warn!(%error, "keys of connected charge points were not refreshed; trying again at the next interval");
        }
        if end_of_chunk.is_none() {
            return;
        }
        last = end_of_chunk;
    }
}

/// The next entries after that device, and the last device among them.
fn next_entries(core: &Core, last: Option<&ChargePointId>) -> (Vec<(String, String)>, Option<ChargePointId>) {
    let holders = core.holders.locked();
    let lower = last.map_or(Bound::Unbounded, Bound::Excluded);
    let next = holders
        .range::<ChargePointId, _>((lower, Bound::Unbounded))
        .take(core.settings.gateway.conn_chunk.max(1));
    let mut entries = Vec::new();
    let mut end = None;
    for (id, pod) in next {
        if let Some(pod) = core.pod(*pod) {
            entries.push((directory::key(id), pod.id.to_string()));
        }
        end = Some(id.clone());
    }
    (entries, end)
}
