//! The search for silent devices reads the rows of very many devices; no partition may wait for it.

use crate::database_audit::rows;
use crate::environment::Environment;
use crate::output::seconds;
use anyhow::ensure;
use serde_json::Value;
use std::time::Duration;

/// How often ingestors search.
pub const SETTINGS: &[(&str, &str)] = &[("CHARGING__INGEST__SILENCE_CHECK_MS", "200")];
/// The prefix of the devices' ids.
const QUIET: &str = "QUIET-";
/// How often the search must have been observed.
const SIGHTINGS: i64 = 10;
/// The interval of the observation.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// Connections that run the search now, and those of them that hold a lock on the rows of
/// partitions.
const SEARCHES: &str = "
    select count(*) as running, count(*) filter (where exists (
             select from pg_locks as held
             where held.pid = search.pid and held.relation = 'ingest_partitions'::regclass
               and held.mode in ('RowShareLock', 'RowExclusiveLock'))) as holding
    from pg_stat_activity as search
    where datname = current_database() and state = 'active'
      and query like '%device.seen_partition = any(%' and pid <> pg_backend_pid()";

/// The result.
#[derive(Debug, Clone, Copy)]
pub struct Searched {
    /// How often the search was observed.
    pub sightings: i64,
    /// The time until the last silent device was offline.
    pub offline_after: Duration,
}

/// Adds `devices` devices that send nothing, `silent` of which were last seen a day ago, and
/// observes the search until those are offline.
///
/// # Errors
/// When the search locks the row of a partition, or a silent device does not become offline.
pub async fn search(environment: &mut Environment, devices: u32, silent: u32) -> anyhow::Result<Searched> {
    environment.wait_until_caught_up().await?;
    environment.bystanders = Some(QUIET.to_owned());
    environment.output.progress(&format!("{devices} devices send nothing, {silent} of them since yesterday"));
    environment.audited.run_sql(&quiet_devices(devices, silent, environment.plan.partitions)).await?;
    let begun = std::time::Instant::now();
    let (mut sightings, mut offline_after) = (0, None);
    while offline_after.is_none() || sightings < SIGHTINGS {
        ensure!(
            begun.elapsed() < crate::environment::TIMEOUT,
            "the search was observed {sightings} times, and {} of {silent} silent devices are still online",
            online(environment).await?
        );
        let (running, holding) = observe_search(environment).await?;
        ensure!(
            holding == 0,
            "the search for silent devices locks rows of partitions, whose batches have to wait"
        );
        sightings += running;
        if offline_after.is_none() && online(environment).await? == 0 {
            offline_after = Some(begun.elapsed());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    let offline_after = offline_after.unwrap_or_default();
    environment.output.progress(&format!(
        "the search was observed {sightings} times and locked no partition; the silent devices were offline after {}",
        seconds(offline_after)
    ));
    environment.wait_until_caught_up().await?;
    Ok(Searched { sightings, offline_after })
}

async fn observe_search(environment: &Environment) -> anyhow::Result<(i64, i64)> {
    let seen = rows(&environment.audited.database, SEARCHES).await?;
    let number = |name: &str| seen.first().and_then(|row| row.get(name)).and_then(Value::as_i64).unwrap_or(0);
    Ok((number("running"), number("holding")))
}

/// The number of silent devices that are online.
async fn online(environment: &Environment) -> anyhow::Result<i64> {
    let online =
        format!("select count(*) from charge_points where online and charge_point_id like '{QUIET}silent-%'");
    environment.audited.number(&online).await
}

fn quiet_devices(devices: u32, silent: u32, partitions: i32) -> String {
    format!(
        "insert into charge_points
           (charge_point_id, online, last_seen_at, gateway_id, seen_at, seen_appended_at, seen_partition, seen_offset,
            seen_event, written_at)
         select id, true, last_seen_at, 'quiet', last_seen_at, last_seen_at, number % {partitions}, 0, 0, last_seen_at
         from generate_series(1, {devices}) as number,
              lateral (select case when number <= {silent} then '{QUIET}silent-' else '{QUIET}' end || number as id,
                              case when number <= {silent} then now() - interval '1 day' else now() end as last_seen_at) as quiet;
         analyze charge_points"
    )
}
