//! The Deployment of event-ingestor, in an arena: replaced one by one, while events go on.

use crate::release::Release;
use anyhow::ensure;
use chaos::arena::Arena;
use std::time::Duration;

const GRACE: Duration = Duration::from_secs(30);

/// Replaces ingestor by ingestor with one of `release`. Whoever stops has given everything back, so nobody finds a lease lost.
pub async fn roll(arena: &mut Arena, release: &Release) -> anyhow::Result<()> {
    arena.fleet.recruitment.binary = release.program("event-ingestor");
    for _ in 0..arena.fleet.len() {
        arena.fleet.start()?;
        arena.share().await?;
        let lost = arena.fleet.leases_lost().await?;
        ensure!(lost == 0, "{lost} leases were lost");
        arena.fleet.stop_eldest(GRACE).await?;
        arena.share().await?;
    }
    Ok(())
}

/// Waits until ingestors that run have read all that is on the topic now, and more.
pub async fn go_on(arena: &Arena, more: i64) -> anyhow::Result<()> {
    let goal = written(arena).await? + arena.backlog().await?.total + more;
    arena.wait_until("events to be written", async || Ok(written(arena).await? >= goal)).await?;
    Ok(())
}

/// Records that were read and written.
pub async fn written(arena: &Arena) -> anyhow::Result<i64> {
    arena.books.number("select coalesce(sum(next_offset), 0)::bigint from ingest_partitions").await
}
