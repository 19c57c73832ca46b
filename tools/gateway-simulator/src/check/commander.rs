//! Commands some devices, as the platform would, with a harmless `TriggerMessage` for a
//! `StatusNotification`, which leads to an event at every gateway.

use super::context::CheckContext;
use super::trials::{Phase, Trial};
use chrono::TimeDelta;
use domain::commands::{Command, CommandKind, TriggeredMessage};
use domain::ids::{ChargePointId, CommandId, GatewayId};
use runtime::kafka::{NewRecord, TopicWriter};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The interval of checking for devices that can be commanded, and for responses.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The approximate number of partitions other than the pod's own on which commands are tried.
const OTHER_PARTITIONS: i32 = 8;
/// The time limit of a publication.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(10);

/// Commands devices as they appear, up to `check.command_devices`, and returns once all trials are
/// over. While `closing` is cancelled, no further trial starts.
pub(super) async fn command_devices(context: Arc<CheckContext>, closing: CancellationToken) {
    let writer = context.kafka.writer(&context.topics.commands);
    let mut commanded = HashSet::new();
    let mut trials = JoinSet::new();
    while commanded.len() < context.settings.command_devices && !closing.is_cancelled() {
        for (device, pod) in candidates(&context, &commanded) {
            commanded.insert(device.clone());
            trials.spawn(run_trial(Arc::clone(&context), writer.clone(), device, pod));
        }
        closing.run_until_cancelled(tokio::time::sleep(POLL_INTERVAL)).await;
    }
    trials.join_all().await;
}

/// Devices that can be commanded and have not been, at most as many as are missing.
fn candidates(context: &CheckContext, commanded: &HashSet<ChargePointId>) -> Vec<(ChargePointId, GatewayId)> {
    let (judge, now) = (context.judge(), runtime::clock::now());
    judge
        .commandable()
        .filter(|(id, _)| {
            id.as_str().starts_with(&context.settings.command_id_prefix) && !commanded.contains(*id)
        })
        .filter(|(id, _)| judge.is_settled(id, now))
        .take(context.settings.command_devices - commanded.len())
        .map(|(id, pod)| (id.clone(), pod.clone()))
        .collect()
}

/// The trial of one device.
async fn run_trial(context: Arc<CheckContext>, writer: TopicWriter, device: ChargePointId, pod: GatewayId) {
    let partition = context.routing_hash.partition(pod.as_str(), context.settings.command_partitions);
    let [twice, expired, last] = [0; 3].map(|_| CommandId(Uuid::now_v7()));
    let began = runtime::clock::now();
    let connector_id = context.judge().connector_of(&device);
    let trial = Trial { charge_point_id: device, connector_id, pod, partition, twice, expired, last, began };
    context.judge().begin_trial(trial.clone());
    let trial_run = TrialRun { context: &context, writer: &writer, trial: &trial };
    // A trial whose command could not be published does not count.
    if trial_run.run().await.is_some() {
        context.judge().conclude_trial(&trial.charge_point_id);
    }
}

/// The steps of a trial; each returns `None` if something could not be published.
struct TrialRun<'a> {
    context: &'a CheckContext,
    writer: &'a TopicWriter,
    trial: &'a Trial,
}

impl TrialRun<'_> {
    async fn run(&self) -> Option<()> {
        let began = Instant::now();
        self.publish(Phase::First, self.trial.twice, false).await?;
        let is_done =
            self.wait(|| self.is_answered(self.trial.twice) || self.effects(Phase::First) > 0).await;
        // How long to wait for an effect that should not come.
        let window = (began.elapsed() * 3).min(self.context.settings.command_timeout()).max(self.settle());
        if is_done {
            // A gateway may report what the device did before it answers.
            tokio::time::sleep(self.settle()).await;
            if self.is_answered(self.trial.twice) {
                self.send_rest_at_once().await?;
            } else {
                self.send_rest_one_by_one(window).await?;
            }
        }
        self.send_to_other_partitions(if is_done { window } else { self.context.settings.command_timeout() })
            .await
    }

    /// Publishes the copy, the expired command and the last one at once: the answer to the last one
    /// shows that all were read.
    async fn send_rest_at_once(&self) -> Option<()> {
        let trial = self.trial;
        let commands = [(trial.twice, false), (trial.expired, true), (trial.last, false)];
        let records = commands.map(|(id, has_expired)| record(trial, id, has_expired)).to_vec();
        publish(self.context, self.writer, trial.partition, records).await?;
        self.wait(|| self.is_answered(trial.last)).await;
        // A gateway that executes commands concurrently may answer the last one first.
        tokio::time::sleep(self.settle()).await;
        Some(())
    }

    /// Publishes the same commands one after the other, because the device's events do not name the
    /// command.
    async fn send_rest_one_by_one(&self, window: Duration) -> Option<()> {
        let trial = self.trial;
        for (phase, id, has_expired) in [
            (Phase::Copy, trial.twice, false),
            (Phase::Expired, trial.expired, true),
            (Phase::Last, trial.last, false),
        ] {
            self.publish(phase, id, has_expired).await?;
            let end = Instant::now()
                + if phase == Phase::Last { self.context.settings.command_timeout() } else { window };
            while self.effects(phase) == 0 && Instant::now() < end {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
            tokio::time::sleep(self.settle()).await;
        }
        Some(())
    }

    /// Publishes commands to partitions that are not the pod's own.
    async fn send_to_other_partitions(&self, window: Duration) -> Option<()> {
        self.context.judge().enter_phase(&self.trial.charge_point_id, Phase::OtherPartitions);
        let partitions =
            other_partitions(self.trial.partition, self.context.settings.command_partitions.get());
        for partition in &partitions {
            let record = record(self.trial, CommandId(Uuid::now_v7()), false);
            publish(self.context, self.writer, *partition, vec![record]).await?;
        }
        if !partitions.is_empty() {
            tokio::time::sleep(window).await;
        }
        Some(())
    }

    async fn publish(&self, phase: Phase, id: CommandId, has_expired: bool) -> Option<()> {
        self.context.judge().enter_phase(&self.trial.charge_point_id, phase);
        let record = record(self.trial, id, has_expired);
        publish(self.context, self.writer, self.trial.partition, vec![record]).await
    }

    /// Waits until `condition` holds or the time-out is over; returns whether it holds.
    async fn wait(&self, condition: impl Fn() -> bool) -> bool {
        let end = Instant::now() + self.context.settings.command_timeout();
        while !condition() {
            if Instant::now() >= end {
                return false;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        true
    }

    fn is_answered(&self, command: CommandId) -> bool {
        self.context.judge().is_answered(command)
    }

    fn effects(&self, phase: Phase) -> u32 {
        self.context.judge().effects(&self.trial.charge_point_id, phase)
    }

    fn settle(&self) -> Duration {
        self.context.settings.settle().to_std().unwrap_or_default()
    }
}

/// Some partitions, spread over the topic, that are not this one.
fn other_partitions(own: i32, partitions: u16) -> Vec<i32> {
    let partitions = i32::from(partitions);
    let step = usize::try_from((partitions - 1) / OTHER_PARTITIONS).unwrap_or_default().max(1);
    (1..partitions).step_by(step).map(|distance| (own + distance) % partitions).collect()
}

/// A command as the platform publishes it.
fn record(trial: &Trial, id: CommandId, has_expired: bool) -> NewRecord {
    let now = runtime::clock::now();
    let issued_at = if has_expired { now - TimeDelta::hours(1) } else { now };
    // A trace and a span of its own, derived from the command's unique id.
    let trace_id = id.0.simple().to_string();
    let traceparent = format!("00-{trace_id}-{:016x}-01", id.0.as_u64_pair().1);
    let command = Command {
        id,
        charge_point_id: trial.charge_point_id.clone(),
        gateway_id: trial.pod.clone(),
        kind: CommandKind::TriggerMessage {
            requested: TriggeredMessage::StatusNotification,
            connector_id: trial.connector_id,
        },
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

/// Publishes records; `None` if that failed.
async fn publish(
    context: &CheckContext,
    writer: &TopicWriter,
    partition: i32,
    records: Vec<NewRecord>,
) -> Option<()> {
    let outcome = Box::pin(writer.publish(partition, records, PUBLISH_TIMEOUT)).await;
    if let Err(error) = &outcome {
        tracing::warn!(
            partition,
            error = runtime::causes(error),
            "a command could not be published; its trial does not count"
        );
        context.judge().record_unpublished();
    }
    outcome.ok().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_partitions_are_spread_over_the_topic_and_exclude_the_own() {
        assert_eq!(other_partitions(3, 4), [0, 1, 2]);
        assert_eq!(other_partitions(0, 1), [0; 0]);
        let of_many = other_partitions(120, 128);
        assert!((8..=9).contains(&of_many.len()) && !of_many.contains(&120), "{of_many:?}");
        for range in [0..43, 43..86, 86..128] {
            let in_range = of_many.iter().filter(|partition| range.contains(*partition)).count();
            assert!(in_range >= 2, "{of_many:?}: each third of the partitions has at least two");
        }
    }
}
