//! The Deployment of event-ingestor in an environment: replaced one by one, while events continue.

use crate::release::Release;
use anyhow::ensure;
use chaos::environment::Environment;
use std::time::Duration;

const GRACE: Duration = Duration::from_secs(90);

/// Replaces each ingestor with one of `release`. An ingestor that stops has released its
/// partitions, so no lease is lost.
pub async fn roll(environment: &mut Environment, release: &Release) -> anyhow::Result<()> {
    environment.fleet.launch.binary = release.program("event-ingestor");
    for _ in 0..environment.fleet.len() {
        environment.fleet.start()?;
        environment.wait_until_shared().await?;
        let lost = environment.fleet.leases_lost().await?;
        ensure!(lost == 0, "{lost} leases were lost");
        environment.fleet.stop_oldest(GRACE).await?;
        environment.wait_until_shared().await?;
    }
    Ok(())
}

/// Waits until running ingestors have read everything that is on the topic now, and `more` records.
pub async fn go_on(environment: &Environment, more: i64) -> anyhow::Result<()> {
    let goal = written(environment).await? + environment.backlog().await?.total + more;
    environment.wait_until("events to be written", async || Ok(written(environment).await? >= goal)).await?;
    Ok(())
}

/// The number of written records.
pub async fn written(environment: &Environment) -> anyhow::Result<i64> {
    environment.audited.number("select coalesce(sum(next_offset), 0)::bigint from ingest_partitions").await
}
