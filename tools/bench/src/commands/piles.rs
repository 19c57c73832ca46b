//! Piles to be commanded: devices that announced themselves through the platform, and pods that hold them.

use crate::plan::CommandPlan;
use crate::harness::Harness;
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

/// How long routes stay: longer than all commands take. Then they go by themselves, as a gateway's do.
const ROUTES: Duration = Duration::from_secs(900);
/// Routes set in one round trip.
const AT_ONCE: usize = 500;
/// How long connecting to Redis may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Names of pods that are tried, to find some that read partitions of their own.
const NAMES: usize = 10_000;

/// A pile, and the way to it.
#[derive(Debug, Clone)]
pub struct Pile {
    /// The pile.
    pub pile_id: PileId,
    /// Its device.
    pub charge_point_id: ChargePointId,
    /// The pod that holds it, in Redis too.
    pub gateway_id: GatewayId,
    /// The partition that the pod reads.
    pub partition: i32,
}

/// Piles that are commanded in turn, across all stretches.
#[derive(Debug)]
pub struct Piles {
    piles: Vec<Pile>,
    next: AtomicUsize,
}

impl Piles {
    /// Announces the devices, registers them with SQL (one by one over HTTP they would take a minute), and sets the routes.
    pub async fn set_up(harness: &mut Harness, plan: &CommandPlan) -> anyhow::Result<Self> {
        let run = harness.platform.names.run.clone();
        let prefix = format!("CMD-{run}-");
        drop(harness.fleet(&prefix, plan.piles).await?);
        let devices = server::register(&mut harness.questions, &prefix).await?;
        ensure!(
            devices.len() == usize::try_from(plan.piles)?,
            "{} devices announced themselves",
            devices.len()
        );
        let partitions = NonZeroU16::new(harness.plan.command_partitions).context("no partitions")?;
        let pods = pods(&run, plan.pods, partitions)?;
        let piles: Vec<Pile> =
            devices.into_iter().zip(pods.iter().cycle()).map(pile).collect::<anyhow::Result<_>>()?;
        tell_routes(&launch::redis()?, &piles).await?;
        Ok(Self { piles, next: AtomicUsize::new(0) })
    }

    /// Whose turn it is.
    pub fn next(&self) -> Result<Pile, String> {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % self.piles.len().max(1);
        self.piles.get(number).cloned().ok_or_else(|| "there are no piles".to_owned())
    }

    /// The partitions that commands go to.
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

/// Pods with a partition of their own each, as far as there are that many.
fn pods(run: &str, wanted: usize, partitions: NonZeroU16) -> anyhow::Result<Vec<(GatewayId, i32)>> {
    let wanted = wanted.min(partitions.get().into());
    let mut pods: Vec<(GatewayId, i32)> = Vec::new();
    for number in 0..NAMES {
        if pods.len() == wanted {
            break;
        }
        let name = format!("bench-{run}-{number}");
        let partition = RoutingHash::default().partition(&name, partitions);
        if pods.iter().all(|(_, taken)| *taken != partition) {
            pods.push((GatewayId::parse(&name)?, partition));
        }
    }
    ensure!(pods.len() == wanted, "{wanted} pods share {} partitions", pods.len());
    Ok(pods)
}

async fn tell_routes(redis: &Redis, piles: &[Pile]) -> anyhow::Result<()> {
    connected(redis).await?;
    for some in piles.chunks(AT_ONCE) {
        let routes: Vec<(String, &str)> = some
            .iter()
            .map(|pile| (format!("conn:{}", pile.charge_point_id), pile.gateway_id.as_str()))
            .collect();
        let entries: Vec<(&str, &str)> = routes.iter().map(|(key, pod)| (key.as_str(), *pod)).collect();
        redis.set_many_with_ttl(&entries, ROUTES).await.context("tell routes")?;
    }
    Ok(())
}

/// Waits until Redis answers: connecting goes on in the background.
pub async fn connected(redis: &Redis) -> anyhow::Result<()> {
    let begun = Instant::now();
    while let Err(error) = redis.ping().await {
        ensure!(begun.elapsed() < PATIENCE, "Redis does not answer: {error}");
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_read_partitions_of_their_own() {
        for (wanted, partitions, found) in [(8, 128, 8), (8, 8, 8), (8, 3, 3)] {
            let pods = pods("x", wanted, NonZeroU16::new(partitions).unwrap()).unwrap();
            let mut theirs: Vec<i32> = pods.iter().map(|(_, partition)| *partition).collect();
            theirs.sort_unstable();
            theirs.dedup();
            assert_eq!(theirs.len(), found);
            assert!(theirs.iter().all(|partition| (0..i32::from(partitions)).contains(partition)));
        }
    }
}
