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
pub(super) type Endless = Pin<Box<dyn Future<Output = ()> + Send>>;

/// All background tasks.
pub(super) fn tasks(core: &Arc<Core>) -> Vec<Endless> {
    let [alarms, keys, topic] = [0; 3].map(|_| Arc::clone(core));
    let mut tasks: Vec<Endless> = vec![
        Box::pin(async move { answer_alarms(&alarms).await }),
        Box::pin(async move { topic.publisher.keep_looking().await }),
    ];
    if core.manners.maintains_keys() {
        tasks.push(Box::pin(async move { keep_keys(&keys).await }));
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

async fn answer_alarms(core: &Core) {
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

async fn keep_keys(core: &Core) {
    let every = Duration::from_secs(core.settings.gateway.conn_refresh_s.max(1));
    let mut interval = tokio::time::interval(every);
    interval.tick().await;
    loop {
        interval.tick().await;
        refresh(core).await;
    }
}

/// Writes all keys again, in chunks.
async fn refresh(core: &Core) {
    let mut last = None;
    loop {
        let mut written_to = None;
        let outcome = core
            .directory
            .refresh(|| {
                let (entries, end) = held_after(core, last.as_ref());
                written_to = end;
                entries
            })
            .await;
        if let Err(error) = outcome {
            core.counters().refreshes_failed.one();
            tracing::warn!(%error, "keys of connected charge points were not refreshed; trying again at the next interval");
        }
        if written_to.is_none() {
            return;
        }
        last = written_to;
    }
}

/// The next entries after that device, and the last device among them.
fn held_after(core: &Core, last: Option<&ChargePointId>) -> (Vec<(String, String)>, Option<ChargePointId>) {
    let held = core.held.locked();
    let behind = last.map_or(Bound::Unbounded, Bound::Excluded);
    let next = held
        .range::<ChargePointId, _>((behind, Bound::Unbounded))
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
