//! Commands some devices, as the platform would, with what does them no harm: a `TriggerMessage` for a `Heartbeat`.

use super::collect::Desk;
use super::orders::Trial;
use chrono::TimeDelta;
use domain::command::{Command, CommandKind, TriggeredMessage};
use domain::ids::{ChargePointId, CommandId, GatewayId};
use runtime::kafka::{NewRecord, TopicWriter};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Between looks for devices that can be commanded, and for answers.
const TICK: Duration = Duration::from_millis(100);
/// How long a publication is tried.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(10);

/// Commands devices as they show, up to `check.command_devices`, and returns once all their trials are over. When it is
/// closing, no further device is begun with.
pub(super) async fn command_devices(desk: Arc<Desk>, closing: CancellationToken) {
    let writer = desk.kafka.writer(&desk.topics.commands);
    let mut begun = HashSet::new();
    let mut trials = JoinSet::new();
    while begun.len() < desk.settings.command_devices && !closing.is_cancelled() {
        for (device, pod) in candidates(&desk, &begun) {
            begun.insert(device.clone());
            trials.spawn(try_out(Arc::clone(&desk), writer.clone(), device, pod));
        }
        closing.run_until_cancelled(tokio::time::sleep(TICK)).await;
    }
    trials.join_all().await;
}

/// Devices that can be commanded and were not yet, as many as are wanted.
fn candidates(desk: &Desk, begun: &HashSet<ChargePointId>) -> Vec<(ChargePointId, GatewayId)> {
    let judge = desk.judge();
    judge
        .commandable()
        .filter(|(id, _)| id.as_str().starts_with(&desk.settings.command_id_prefix) && !begun.contains(*id))
        .take(desk.settings.command_devices - begun.len())
        .map(|(id, pod)| (id.clone(), pod.clone()))
        .collect()
}

/// One device's trial.
async fn try_out(desk: Arc<Desk>, writer: TopicWriter, device: ChargePointId, pod: GatewayId) {
    let partition = desk.routing_hash.partition(pod.as_str(), desk.settings.command_partitions);
    let [twice, expired, last] = [0; 3].map(|_| CommandId(Uuid::now_v7()));
    let began = runtime::clock::now();
    let trial = Trial { charge_point_id: device, pod, partition, twice, expired, last, began };
    desk.judge().begin(trial.clone());
    // The same bytes twice, as Kafka may deliver them.
    let first = record(&trial, twice, false);
    if !publish(&desk, &writer, partition, vec![first.clone()]).await {
        return;
    }
    if is_answered(&desk, twice).await {
        let more = vec![first, record(&trial, expired, true), record(&trial, last, false)];
        if !publish(&desk, &writer, partition, more).await {
            return;
        }
        is_answered(&desk, last).await;
        // Who carries commands out side by side may answer the last one first.
        tokio::time::sleep(desk.settings.settle().to_std().unwrap_or_default()).await;
    }
    desk.judge().conclude(&trial.charge_point_id);
}

/// Waits for an answer, and says whether there is one.
async fn is_answered(desk: &Desk, command: CommandId) -> bool {
    let end = Instant::now() + desk.settings.command_timeout();
    loop {
        if desk.judge().is_answered(command) {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        tokio::time::sleep(TICK).await;
    }
}

/// A command as the platform publishes it.
fn record(trial: &Trial, id: CommandId, has_expired: bool) -> NewRecord {
    let now = runtime::clock::now();
    let issued_at = if has_expired { now - TimeDelta::hours(1) } else { now };
    // A trace and a span of its own, made of the command's id, which nobody else has.
    let trace_id = id.0.simple().to_string();
    let traceparent = format!("00-{trace_id}-{:016x}-01", id.0.as_u64_pair().1);
    let command = Command {
        id,
        charge_point_id: trial.charge_point_id.clone(),
        gateway_id: trial.pod.clone(),
        kind: CommandKind::TriggerMessage { requested: TriggeredMessage::Heartbeat, connector_id: None },
        issued_at,
        expires_at: issued_at + TimeDelta::minutes(1),
        trace_id: Some(trace_id),
    };
    let encoded = wire::encode_command(&command).with_traceparent(traceparent);
    NewRecord {
        key: Some(encoded.key.into_bytes()),
        value: Some(encoded.value),
        headers: encoded
            .headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into_bytes()))
            .collect(),
        timestamp: now,
    }
}

async fn publish(desk: &Desk, writer: &TopicWriter, partition: i32, records: Vec<NewRecord>) -> bool {
    let outcome = Box::pin(writer.publish(partition, records, PUBLISH_TIMEOUT)).await;
    if let Err(error) = &outcome {
        tracing::warn!(partition, error = runtime::causes(error), "a command could not be published");
        desk.judge().unpublished();
    }
    outcome.is_ok()
}
