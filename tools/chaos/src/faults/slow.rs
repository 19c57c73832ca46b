//! Batches that take too long: the large ones time out, also when they are tried again, and smaller ones would pass.

use crate::environment::Environment;
use crate::narrator::seconds;
use anyhow::ensure;
use std::time::Duration;

/// Small limits, so that it shows soon. A transaction may take twice the first and once the second.
pub const SETTINGS: &[(&str, &str)] = &[
    ("CHARGING__DATABASE__STATEMENT_TIMEOUT_MS", "500"),
    ("CHARGING__DATABASE__CONNECT_TIMEOUT_MS", "1000"),
];
/// What an ingestor logs when it gives up a batch as a whole.
const HALVED: &str = "a batch took too long again and again";

/// What ingestors did meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Halved {
    /// How often a batch was halved.
    pub times: usize,
    /// How long it took until each partition had moved on, while everything was slow.
    pub moved: Duration,
    /// How long it took to catch up afterwards.
    pub caught_up: Duration,
}

/// Stops all ingestors for `gathering`, so that batches are large; then starts as many, and holds back what they send by
/// `per_kib`, until some batches were halved and each partition has moved on.
///
/// # Errors
/// When no batch is too large, a partition does not move on, or they do not catch up afterwards.
pub async fn hold_back(environment: &mut Environment, gathering: Duration, per_kib: Duration) -> anyhow::Result<Halved> {
    environment.settle().await?;
    let before = environment.fleet.logged(HALVED)?;
    let ingestors = environment.fleet.kill_all().await;
    environment
        .narrator
        .say(&format!("no ingestor runs for {}, so that the next batches are large", seconds(gathering)));
    tokio::time::sleep(gathering).await;
    environment.proxy.delay_per_kib(per_kib);
    environment.fleet.start_many(ingestors)?;
    environment.narrator.say(&format!(
        "{ingestors} start, and what they send is held back, {} ms for each KiB",
        per_kib.as_millis()
    ));
    let moved = environment.each_partition_moves().await;
    let times = environment.fleet.logged(HALVED)? - before;
    environment.proxy.delay_per_kib(Duration::ZERO);
    let moved = moved?;
    environment.narrator.say(&format!(
        "{times} batches were halved, each partition had moved after {}; nothing is held back any more",
        seconds(moved)
    ));
    ensure!(times > 0, "no batch was too large: nothing was tried");
    let caught_up = environment.settle().await?;
    environment.narrator.say(&format!("caught up after {}", seconds(caught_up)));
    Ok(Halved { times, moved, caught_up })
}
