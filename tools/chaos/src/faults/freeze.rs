//! Ingestors are stopped for longer than their leases, then resume as if nothing had happened.

use crate::environment::Environment;
use crate::output::seconds;
use anyhow::{Context as _, bail};
use std::time::Duration;

/// Attempts to freeze an ingestor while not all of its partitions are locked.
const ATTEMPTS: u32 = 8;

/// Freezes the oldest ingestor for `duration` and resumes it, until it has noticed that some of its
/// partitions have other owners. Returns the number of leases that it found lost.
///
/// An ingestor that is frozen inside a transaction keeps the lock on that partition's row, and with
/// it the partition, until PostgreSQL ends the transaction. So another one is tried if no partition
/// could be taken.
///
/// # Errors
/// When the others do not take over, or the ingestor does not notice.
pub async fn freeze_oldest(environment: &mut Environment, duration: Duration) -> anyhow::Result<u64> {
    for _ in 0..ATTEMPTS {
        environment.wait_until_caught_up().await?;
        let lost = freeze_once(environment, duration).await?;
        environment.fleet.rotate();
        if lost > 0 {
            return Ok(lost);
        }
    }
    bail!(
        "ingestors were frozen {ATTEMPTS} times for {}, and no partition was taken from them",
        seconds(duration)
    )
}

async fn freeze_once(environment: &Environment, duration: Duration) -> anyhow::Result<u64> {
    let oldest = environment.fleet.oldest()?;
    let name = &oldest.name;
    let taken = format!("select count(*) from chaos_takes where taker <> '{name}'");
    let (lost_before, taken_before) =
        (oldest.leases_lost().await?, environment.audited.number(&taken).await?);
    oldest.freeze()?;
    environment.output.progress(&format!("SIGSTOP {name} for {}", seconds(duration)));
    tokio::time::sleep(duration).await;
    let taken = environment.audited.number(&taken).await? - taken_before;
    oldest.thaw()?;
    if taken == 0 {
        environment
            .output
            .progress(&format!("SIGCONT {name}: it has kept its partitions, locked by open transactions"));
        return Ok(0);
    }
    let noticed = async || Ok(oldest.leases_lost().await? > lost_before);
    environment.wait_until("the frozen ingestor to notice that its leases are lost", noticed).await?;
    let back = environment.wait_until_caught_up().await?;
    let lost = oldest
        .leases_lost()
        .await?
        .checked_sub(lost_before)
        .context("the counter of lost leases decreased")?;
    environment
        .output
        .progress(&format!("SIGCONT {name}: found {lost} leases lost; even shares after {}", seconds(back)));
    Ok(lost)
}
