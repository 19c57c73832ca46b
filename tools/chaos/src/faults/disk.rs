//! The disk of PostgreSQL is full, and later has room again.

mod small;

use super::wait_until_deferred;
use crate::environment::Environment;
use crate::output::seconds;
use anyhow::ensure;
use small::SmallDisk;
use std::time::Duration;

/// PostgreSQL's message for a full disk.
const FULL: &str = "No space left on device";
/// Raises the same message where no small disk can be mounted.
const REFUSE: &str = "
    create function chaos_disk_full() returns trigger language plpgsql as $$ begin
        raise exception 'could not extend file \"base/16384/16385\": No space left on device'
        using errcode = 'disk_full', hint = 'Check free disk space.';
    end $$;
    create trigger chaos_disk_full before insert or update on charge_points execute function chaos_disk_full();
    create trigger chaos_disk_full before insert on dead_letters execute function chaos_disk_full();";
const ACCEPT: &str = "
    drop trigger chaos_disk_full on charge_points;
    drop trigger chaos_disk_full on dead_letters;
    drop function chaos_disk_full()";

/// How the disk was filled, and what the ingestors did.
#[derive(Debug, Clone, Copy)]
pub struct Filled {
    /// Whether a disk was filled; otherwise triggers raised the error.
    pub is_real: bool,
    /// How many writes were deferred.
    pub deferred: u64,
    /// How long the ingestors took to catch up.
    pub caught_up: Duration,
}

/// Moves the tables to a small disk, fills it for `duration` and then frees it. Where no disk can
/// be mounted, triggers refuse writes with PostgreSQL's message.
///
/// # Errors
/// When the ingestors do not notice the full disk, or do not catch up.
pub async fn fill_disk(environment: &mut Environment, duration: Duration) -> anyhow::Result<Filled> {
    environment.wait_until_caught_up().await?;
    let mut disk = match SmallDisk::mount(&environment.audited).await {
        Ok(disk) => {
            environment
                .output
                .progress(&format!("the tables are moved to a disk of {} MiB", small::MEBIBYTES));
            Some(disk)
        }
        Err(error) => {
            environment.output.progress(&format!(
                "no small disk can be mounted, so triggers simulate the full disk: {error:#}"
            ));
            None
        }
    };
    if let Some(disk) = &mut disk {
        let ingestors = environment.fleet.kill_all().await;
        disk.move_tables_in(&environment.audited).await?;
        environment.fleet.start_many(ingestors)?;
        environment.wait_until_caught_up().await?;
    }
    let filled = fill(environment, disk.as_ref(), duration).await;
    let is_real = disk.is_some();
    if let Some(disk) = disk {
        let ingestors = environment.fleet.kill_all().await;
        disk.release(&environment.audited).await?;
        environment.fleet.start_many(ingestors)?;
        environment.wait_until_caught_up().await?;
    }
    let (deferred, caught_up) = filled?;
    Ok(Filled { is_real, deferred, caught_up })
}

/// Returns how many writes were deferred, and how long it took to catch up.
async fn fill(
    environment: &Environment,
    disk: Option<&SmallDisk>,
    duration: Duration,
) -> anyhow::Result<(u64, Duration)> {
    let (before, reports) = (environment.fleet.writes_deferred().await?, environment.fleet.logged(FULL)?);
    match disk {
        Some(disk) => disk.fill()?,
        None => environment.audited.run_sql(REFUSE).await?,
    }
    environment.output.progress(&format!("the disk is full for {}", seconds(duration)));
    let noticed = wait_until_deferred(environment, before).await;
    tokio::time::sleep(duration).await;
    match disk {
        Some(disk) => disk.empty()?,
        None => environment.audited.run_sql(ACCEPT).await?,
    }
    noticed?;
    let caught_up = environment.wait_until_caught_up().await?;
    let deferred = environment.fleet.writes_deferred().await? - before;
    let reports = environment.fleet.logged(FULL)? - reports;
    environment.output.progress(&format!(
        "the disk has room again: {deferred} writes were deferred, caught up after {}",
        seconds(caught_up)
    ));
    ensure!(reports > 0, "PostgreSQL never reported {FULL:?}: the fault had no effect");
    Ok((deferred, caught_up))
}
