//! Ingestors stand still for longer than their leases hold, then go on as if nothing had been.

use crate::environment::Environment;
use crate::narrator::seconds;
use anyhow::{Context as _, bail};
use std::time::Duration;

/// How often it is tried to freeze one while not all of its partitions are locked.
const ATTEMPTS: u32 = 8;

/// Freezes the eldest for `duration` and lets it go on, until it has noticed that partitions of its are another's. Says how
/// many leases it has found lost.
///
/// One that is frozen in the midst of a transaction keeps the lock on that partition's row, and with it the partition, until
/// Postgres ends the transaction; so another is tried when nothing could be taken from this one.
///
/// # Errors
/// When the others do not take over, or it does not notice.
pub async fn freeze_eldest(environment: &mut Environment, duration: Duration) -> anyhow::Result<u64> {
    for _ in 0..ATTEMPTS {
        environment.settle().await?;
        let lost = freeze_once(environment, duration).await?;
        environment.fleet.rotate();
        if lost > 0 {
            return Ok(lost);
        }
    }
    bail!("{ATTEMPTS} times an ingestor was frozen for {}, and nothing was taken from it", seconds(duration))
}

async fn freeze_once(environment: &Environment, duration: Duration) -> anyhow::Result<u64> {
    let eldest = environment.fleet.eldest()?;
    let name = &eldest.name;
    let taken = format!("select count(*) from chaos_takes where taker <> '{name}'");
    let (lost_before, taken_before) = (eldest.leases_lost().await?, environment.audited.number(&taken).await?);
    eldest.freeze()?;
    environment.narrator.say(&format!("SIGSTOP {name} for {}", seconds(duration)));
    tokio::time::sleep(duration).await;
    let taken = environment.audited.number(&taken).await? - taken_before;
    eldest.thaw()?;
    if taken == 0 {
        environment.narrator.say(&format!("SIGCONT {name}: it kept its partitions, locked by open transactions"));
        return Ok(0);
    }
    let noticed = async || Ok(eldest.leases_lost().await? > lost_before);
    environment.wait_until("the frozen one to notice that its leases are lost", noticed).await?;
    let back = environment.settle().await?;
    let lost =
        eldest.leases_lost().await?.checked_sub(lost_before).context("a counter that ran backwards")?;
    environment
        .narrator
        .say(&format!("SIGCONT {name}: found {lost} leases lost; even shares after {}", seconds(back)));
    Ok(lost)
}
