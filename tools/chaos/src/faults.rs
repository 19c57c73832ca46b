//! What is done to the ingestors and their servers, one fault each. A fault that did not bite is an error: it proves nothing.

pub mod broker;
pub mod brokers;
pub mod commits;
pub mod disk;
pub mod freeze;
pub mod handover;
pub mod kill;
pub mod leases;
pub mod letters;
pub mod locks;
pub mod postgres;
pub mod quota;
pub mod read_only;
pub mod silence;
pub mod slow;
pub mod topic_anew;
pub mod translated;
pub mod unreadable;

use crate::environment::Environment;
use std::time::Duration;

/// More writes than this were put off when a database is said to refuse them.
const DEFERRED: u64 = 3;

/// Waits until ingestors have put off more writes than the `before` of the time before the fault.
async fn is_deferred(environment: &Environment, before: u64) -> anyhow::Result<Duration> {
    let deferred = async || Ok(environment.fleet.writes_deferred().await? > before + DEFERRED);
    environment.wait_until("ingestors to put writes off", deferred).await
}

/// How many errors the ingestors have logged.
fn errors_logged(environment: &Environment) -> anyhow::Result<usize> {
    environment.fleet.logged("\"level\":\"ERROR\"")
}

/// A statement that holds the rows of all devices for `duration`.
fn lock_devices(duration: Duration) -> String {
    format!(
        "begin; select from charge_points order by charge_point_id for update; select pg_sleep({}); commit",
        duration.as_secs_f64()
    )
}
