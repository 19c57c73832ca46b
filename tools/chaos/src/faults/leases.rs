//! Leases are ignored: every ingestor repeatedly takes every partition from its owner, so that
//! all of them write concurrently and only the compare-and-set protects the data.
//!
//! The ingestors are unchanged. Triggers in the environment's database give them wrong values: each
//! sees no other ingestor, so that its share is everything, and every lease expires as soon as it
//! is granted.

use crate::environment::Environment;
use crate::output::seconds;
use std::time::Duration;

/// Which half of the compare-and-set is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fence {
    /// Each takeover increments the epoch: former owners have another epoch.
    Epoch,
    /// The epoch does not change: all write under the same one, and only the offset protects the
    /// data.
    Offset,
}

const HIDE_OTHERS: &str = "
    create or replace function chaos_alone() returns trigger language plpgsql as $$ begin return null; end $$;
    create trigger chaos_alone before insert or update on ingest_replicas
        for each row execute function chaos_alone();
    delete from ingest_replicas;";
const RESTORE: &str = "
    drop trigger chaos_alone on ingest_replicas;
    drop trigger chaos_no_lease on ingest_partitions;";

/// Lets the ingestors compete until each has taken each partition `times` times on average; returns
/// how long that took.
///
/// # Errors
/// When PostgreSQL refuses it, or the ingestors do not compete.
pub async fn ignore_leases(environment: &Environment, fence: Fence, times: u32) -> anyhow::Result<Duration> {
    environment.wait_until_caught_up().await?;
    let epoch = if fence == Fence::Offset { "new.epoch := old.epoch;" } else { "" };
    let no_lease = format!(
        "create or replace function chaos_no_lease() returns trigger language plpgsql as
         $$ begin new.lease_until := '-infinity'; {epoch} return new; end $$;
         create trigger chaos_no_lease before update on ingest_partitions
             for each row execute function chaos_no_lease();"
    );
    let taken = "select count(*) from chaos_takes";
    let before = environment.audited.number(taken).await?;
    environment.audited.run_sql(&format!("{no_lease}{HIDE_OTHERS}")).await?;
    environment.output.progress(match fence {
        Fence::Epoch => "leases ignored: all ingestors take all partitions, each time under a new epoch",
        Fence::Offset => "leases ignored: all ingestors write to all partitions under one epoch",
    });
    let enough = before
        + i64::from(environment.plan.partitions) * i64::try_from(environment.fleet.len())? * i64::from(times);
    let took = environment
        .wait_until("all partitions to be taken often enough", async || {
            Ok(environment.audited.number(taken).await? >= enough)
        })
        .await;
    environment.audited.run_sql(RESTORE).await?;
    let took = took?;
    environment.wait_until_caught_up().await?;
    environment.output.progress(&format!(
        "partitions were taken {} times in {}; leases apply again",
        enough - before,
        seconds(took)
    ));
    Ok(took)
}
