//! Piles that receive commands: devices that announced themselves through the platform, and pods
//! that hold them.

use crate::harness::Harness;
use crate::plan::CommandPlan;
use crate::server;
use anyhow::{Context as _, ensure};
use domain::ids::{ChargePointId, GatewayId, PileId};
use runtime::redis::Redis;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use wire::routing::RoutingHash;

/// The time to live of routes: longer than all commands take. Then they expire, like a gateway's.
const ROUTE_TTL: Duration = Duration::from_secs(900);
/// Routes per round trip.
const ROUTES_PER_REQUEST: usize = 500;
/// The time limit for connecting to Redis.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Names of pods to try, until enough pods have separate partitions.
const MAX_NAMES: usize = 10_000;

/// A pile and its route.
#[derive(Debug, Clone)]
pub struct Pile {
    /// The id of the pile.
    pub pile_id: PileId,
    /// The id of its device.
    pub charge_point_id: ChargePointId,
    /// The id of the pod that holds the device, also in Redis.
    pub gateway_id: GatewayId,
    /// The partition that the pod reads.
    pub partition: i32,
}

/// Piles that receive commands in turn, across all segments.
#[derive(Debug)]
pub struct Piles {
    piles: Vec<Pile>,
    next: AtomicUsize,
}

impl Piles {
    /// Announces the devices, registers them with SQL (over HTTP that would take a minute), and
    /// writes the routes.
    pub async fn set_up(harness: &mut Harness, plan: &CommandPlan) -> anyhow::Result<Self> {
        let run = harness.platform.names.run.clone();
        let prefix = format!("CMD-{run}-");
        drop(harness.fleet(&prefix, plan.piles).await?);
        let devices = server::register(&mut harness.queries, &prefix).await?;
        ensure!(
            devices.len() == usize::try_from(plan.piles)?,
            "{} devices announced themselves",
            devices.len()
        );
        let partitions = NonZeroU16::new(harness.plan.command_partitions)
            .context("the command topic has no partitions")?;
        let pods = pods(&run, plan.pods, partitions)?;
        let piles: Vec<Pile> =
            devices.into_iter().zip(pods.iter().cycle()).map(pile).collect::<anyhow::Result<_>>()?;
        write_routes(&launch::redis()?, &piles).await?;
        Ok(Self { piles, next: AtomicUsize::new(0) })
    }

    /// The next pile.
    pub fn next(&self) -> Result<Pile, String> {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % self.piles.len().max(1);
        self.piles.get(number).cloned().ok_or_else(|| "no pile was registered".to_owned())
    }

    /// The partitions to which commands go.
    pub fn partitions(&self) -> Vec<i32> {
        let mut partitions: Vec<i32> = self.piles.iter().map(|pile| pile.partition).collect();
        partitions.sort_unstable();
        partitions.dedup();
        partitions
    }
}

fn pile(((pile_id, device), pod): ((Uuid, String), &(GatewayId, i32))) -> anyhow::Result<Pile> {
    let (gateway_id, partition) = pod.clone();
    let charge_point_id = ChargePointId::parse(&device)?;
    Ok(Pile { pile_id: PileId(pile_id), charge_point_id, gateway_id, partition })
}

/// Pods with one partition each, if there are enough partitions.
fn pods(run: &str, expected: usize, partitions: NonZeroU16) -> anyhow::Result<Vec<(GatewayId, i32)>> {
    let expected = expected.min(partitions.get().into());
    let mut pods: Vec<(GatewayId, i32)> = Vec::new();
    for number in 0..MAX_NAMES {
        if pods.len() == expected {
            break;
        }
        let name = format!("bench-{run}-{number}");
        let partition = RoutingHash::default().partition(&name, partitions);
        if pods.iter().all(|(_, taken)| *taken != partition) {
            pods.push((GatewayId::parse(&name)?, partition));
        }
    }
    ensure!(pods.len() == expected, "only {} of {expected} pods have a partition of their own", pods.len());
    Ok(pods)
}

async fn write_routes(redis: &Redis, piles: &[Pile]) -> anyhow::Result<()> {
    wait_until_connected(redis).await?;
    for chunk in piles.chunks(ROUTES_PER_REQUEST) {
        let routes: Vec<(String, &str)> = chunk
            .iter()
            .map(|pile| (format!("conn:{}", pile.charge_point_id), pile.gateway_id.as_str()))
            .collect();
        let entries: Vec<(&str, &str)> = routes.iter().map(|(key, pod)| (key.as_str(), *pod)).collect();
        redis.set_many_with_ttl(&entries, ROUTE_TTL).await.context("write the routes to Redis")?;
    }
    Ok(())
}

/// Waits until Redis responds, because the client connects in the background.
pub async fn wait_until_connected(redis: &Redis) -> anyhow::Result<()> {
    let begun = Instant::now();
    while let Err(error) = redis.ping().await {
        ensure!(begun.elapsed() < TIMEOUT, "Redis cannot be reached: {error}");
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_read_separate_partitions() {
        for (expected, partitions, found) in [(8, 128, 8), (8, 8, 8), (8, 3, 3)] {
            let pods = pods("x", expected, NonZeroU16::new(partitions).unwrap()).unwrap();
            let mut partitions_read: Vec<i32> = pods.iter().map(|(_, partition)| *partition).collect();
            partitions_read.sort_unstable();
            partitions_read.dedup();
            assert_eq!(partitions_read.len(), found);
            assert!(partitions_read.iter().all(|partition| (0..i32::from(partitions)).contains(partition)));
        }
    }
}
