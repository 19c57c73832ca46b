//! Devices that move to another pod without a boot: how long until commands follow them.

use super::gateway::{self, Gateway, OLD, Pod};
use crate::commands::{ReadTimes, Readback};
use crate::harness::Harness;
use crate::http_client::HttpClient;
use crate::platform::Dispatcher;
use crate::report::{Latency, MovedDevices};
use crate::server;
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use domain::ids::{ChargePointId, ConnectorId};
use domain::status::ConnectorStatus;
use gateway_simulator::{Reconnect, Simulator};
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use uuid::Uuid;

/// The pause between the moves of two devices.
const MOVE_INTERVAL: Duration = Duration::from_millis(200);
/// The pause between two commands to one device; counts as time to truth.
const COMMAND_INTERVAL: Duration = Duration::from_millis(50);
/// The time within which commands must follow a device, or the device counts as lost.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A command that does not change what a device reports.
const COMMAND: &str = r#"{"key":"HeartbeatInterval","value":"300"}"#;

/// A device that moves, and the pile that it belongs to.
struct Mover {
    simulator: Arc<Simulator>,
    client: Arc<HttpClient>,
    new: Pod,
    id: ChargePointId,
    pile: Uuid,
}

/// A device that moved.
struct Moved {
    /// When the new pod sent its first event.
    sent_at: DateTime<Utc>,
    /// The first command that the platform accepted for the new pod.
    command: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    command_id: Uuid,
    gateway_id: String,
}

/// Connects the planned number of devices to one pod, moves each to another, and commands it until
/// a command goes to the new pod.
pub async fn measure(
    harness: &mut Harness,
    gateway: &Gateway,
    dispatcher: &Dispatcher,
) -> anyhow::Result<MovedDevices> {
    let names = harness.platform.names.clone();
    let prefix = format!("TM-{}-", names.run);
    let devices = gateway::ids(&prefix, harness.plan.truth.moved)?;
    gateway.connect(&devices, OLD).await?;
    harness.catch_up().await?;
    let piles = server::register(&mut harness.queries, &prefix).await?;
    anyhow::ensure!(piles.len() == devices.len(), "only {} devices announced themselves", piles.len());
    let readback =
        Readback::start(&harness.platform.kafka, &names.commands, &[gateway.new.partition]).await?;
    let (begin, begin_by_clock) = (Instant::now(), runtime::clock::now());
    let client = Arc::new(HttpClient::new(&dispatcher.listen)?);
    let mut moves = JoinSet::new();
    for (pile, id) in piles {
        let mover = Mover {
            simulator: Arc::clone(&gateway.simulator),
            client: Arc::clone(&client),
            new: gateway.new.clone(),
            id: ChargePointId::parse(&id)?,
            pile,
        };
        moves.spawn(async move { mover.run().await });
        tokio::time::sleep(MOVE_INTERVAL).await;
    }
    let mut moved = Vec::new();
    while let Some(one) = moves.join_next().await {
        moved.push(one.context("a move panicked")??);
    }
    let read = readback.wait_for(moved.iter().filter_map(|one| one.command)).await?;
    let by_clock = |at: Instant| begin_by_clock + at.saturating_duration_since(begin);
    Ok(figures(&moved, &read, by_clock))
}

impl Mover {
    async fn run(self) -> anyhow::Result<Moved> {
        self.simulator.reconnect(&self.id, self.new.number, Reconnect::WithoutBoot).await?;
        // A vehicle is plugged in, which is the first event through the new pod.
        let event =
            self.simulator.set_status(&self.id, ConnectorId::parse(1)?, ConnectorStatus::Preparing, None);
        let (sent, command) = tokio::join!(event, self.first_command());
        let sent_at = sent?.first().context("the new pod sent no event")?.position.sent_at;
        Ok(Moved { sent_at, command })
    }

    /// The first command that was accepted for the new pod; `None` if there was none in time.
    async fn first_command(&self) -> Option<Uuid> {
        let begun = Instant::now();
        while begun.elapsed() < TIMEOUT {
            match self.command().await {
                Ok(accepted) if accepted.gateway_id == self.new.id.as_str() => {
                    return Some(accepted.command_id);
                }
                // For the old pod, or refused: the next one may be for the new pod.
                Ok(_) | Err(_) => tokio::time::sleep(COMMAND_INTERVAL).await,
            }
        }
        None
    }

    async fn command(&self) -> anyhow::Result<Accepted> {
        let path = format!("/api/v1/piles/{}/commands/change-configuration", self.pile);
        let response = self.client.post(&path, COMMAND).await?;
        serde_json::from_slice(response.body_of(202)?).context("decode the body of a response 202")
    }
}

/// From the first event through the new pod until the command could be read from the pod's
/// partition.
fn figures(moved: &[Moved], read: &ReadTimes, by_clock: impl Fn(Instant) -> DateTime<Utc>) -> MovedDevices {
    let took = moved.iter().filter_map(|one| {
        let read_at = by_clock(*read.get(&one.command?)?);
        let micros = (read_at - one.sent_at).num_microseconds().unwrap_or(i64::MAX).max(0);
        Some(u32::try_from(micros).unwrap_or(u32::MAX))
    });
    let took: Vec<u32> = took.collect();
    let number = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    MovedDevices { devices: number(moved.len()), followed: number(took.len()), latency: Latency::of(took) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_without_a_command_at_its_new_pod_counts_as_not_followed() {
        let (begin, sent_at) = (Instant::now(), runtime::clock::now());
        let by_clock = |at: Instant| sent_at + (at - begin);
        let [first, second, unread] = [1, 2, 3].map(Uuid::from_u128);
        let read = ReadTimes::from([
            (first, begin + Duration::from_millis(600)),
            (second, begin + Duration::from_millis(900)),
        ]);
        let moved = [Some(first), Some(second), Some(unread), None].map(|command| Moved { sent_at, command });
        let figures = figures(&moved, &read, by_clock);
        assert_eq!((figures.devices, figures.followed), (4, 2));
        assert!(
            (figures.latency.p50_ms - 600.0).abs() < 1e-9 && (figures.latency.max_ms - 900.0).abs() < 1e-9
        );
    }
}
