//! Partitions are handed over while each COMMIT is slow: an ingestor is added while the database is
//! slow.

use crate::environment::Environment;
use crate::output::seconds;
use anyhow::ensure;
use std::time::Duration;

/// The number of ingestors before one is added.
pub const INGESTORS: usize = 2;

/// The result.
#[derive(Debug, Clone, Copy)]
pub struct Handover {
    /// Leases that expired and were taken by another ingestor.
    pub lost: u64,
    /// The time until the shares were even.
    pub shared: Duration,
}

/// Delays each COMMIT by `delay`, adds an ingestor, and waits until the shares are even.
///
/// # Errors
/// When leases expire meanwhile, or the shares do not become even.
pub async fn hand_over(environment: &mut Environment, delay: Duration) -> anyhow::Result<Handover> {
    environment.wait_until_caught_up().await?;
    let before = environment.fleet.leases_lost().await?;
    environment.proxy.delay_commits(delay);
    environment.output.progress(&format!("each COMMIT takes {} longer", seconds(delay)));
    let delayed =
        async || Ok(environment.proxy.delayed_commits() >= u64::try_from(environment.plan.partitions)?);
    environment.wait_until("commits to be delayed", delayed).await?;
    environment.fleet.start()?;
    let shared = environment.wait_until_shared().await;
    // An ingestor notices the loss of a lease at its next renewal.
    tokio::time::sleep(environment.plan.lease).await;
    let lost = environment.fleet.leases_lost().await? - before;
    environment.proxy.delay_commits(Duration::ZERO);
    let shared = shared?;
    environment.output.progress(&format!(
        "an ingestor was added: even shares after {}, {lost} leases lost; COMMITs are quick again",
        seconds(shared)
    ));
    ensure!(lost == 0, "{lost} leases expired while partitions were handed over");
    environment.wait_until_caught_up().await?;
    Ok(Handover { lost, shared })
}
