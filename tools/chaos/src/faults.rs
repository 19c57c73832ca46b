//! The faults of ingestors and their servers, one per module. A fault without effect is an error,
//! because it proves nothing.

pub mod broker;
pub mod brokers;
pub mod commits;
pub mod dead_letters;
pub mod disk;
pub mod freeze;
pub mod handover;
pub mod kill;
pub mod leases;
pub mod locks;
pub mod postgres;
pub mod quota;
pub mod read_only;
pub mod recreated_topic;
pub mod silence;
pub mod slow;
pub mod translated;
pub mod unreadable;

use crate::environment::Environment;
use std::time::Duration;

/// A database counts as refusing writes when more writes than this were deferred.
const DEFERRED: u64 = 3;

/// Waits until the ingestors have deferred enough writes; `before` is their number before the
/// fault.
async fn wait_until_deferred(environment: &Environment, before: u64) -> anyhow::Result<Duration> {
    let deferred = async || Ok(environment.fleet.writes_deferred().await? > before + DEFERRED);
    environment.wait_until("ingestors to defer writes", deferred).await
}

/// The number of errors that the ingestors have logged.
fn errors_logged(environment: &Environment) -> anyhow::Result<usize> {
    environment.fleet.logged("\"level\":\"ERROR\"")
}

/// A statement that locks the rows of all devices for `duration`.
fn lock_devices(duration: Duration) -> String {
    format!(
        "begin; select from charge_points order by charge_point_id for update; select pg_sleep({}); commit",
        duration.as_secs_f64()
    )
}
