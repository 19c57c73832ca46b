//! Partitions are handed over while each COMMIT takes long: an ingestor is added just when the database is slow.

use crate::arena::Arena;
use crate::narrator::seconds;
use anyhow::ensure;
use std::time::Duration;

/// Ingestors before one is added.
pub const INGESTORS: usize = 2;

/// What was lost, and how long it took.
#[derive(Debug, Clone, Copy)]
pub struct Handover {
    /// Leases that ran out and were taken by another ingestor.
    pub lost: u64,
    /// Until the shares were even.
    pub shared: Duration,
}

/// Delays each COMMIT by `delay`, adds an ingestor, and waits until the shares are even.
///
/// # Errors
/// When leases run out meanwhile, or the shares do not become even.
pub async fn hand_over(arena: &mut Arena, delay: Duration) -> anyhow::Result<Handover> {
    arena.settle().await?;
    let before = arena.fleet.leases_lost().await?;
    arena.proxy.delay_commits(delay);
    arena.narrator.say(&format!("each COMMIT takes {} longer", seconds(delay)));
    let delayed = async || Ok(arena.proxy.delayed_commits() >= u64::try_from(arena.plan.partitions)?);
    arena.wait_until("commits to be delayed", delayed).await?;
    arena.fleet.start()?;
    let shared = arena.share().await;
    // What was taken from an ingestor it notices at its next renewal.
    tokio::time::sleep(arena.plan.lease).await;
    let lost = arena.fleet.leases_lost().await? - before;
    arena.proxy.delay_commits(Duration::ZERO);
    let shared = shared?;
    arena.narrator.say(&format!(
        "an ingestor was added: even shares after {}, {lost} leases lost; COMMITs are quick again",
        seconds(shared)
    ));
    ensure!(lost == 0, "{lost} leases ran out while partitions were handed over");
    arena.settle().await?;
    Ok(Handover { lost, shared })
}
