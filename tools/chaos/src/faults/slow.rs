//! Batches that take too long: large ones time out repeatedly, while smaller ones would succeed.

use crate::environment::Environment;
use crate::output::seconds;
use anyhow::ensure;
use std::time::Duration;

/// Small limits, so that the effect shows soon. A transaction may take twice the first limit plus
/// once the second.
pub const SETTINGS: &[(&str, &str)] = &[
    ("CHARGING__DATABASE__STATEMENT_TIMEOUT_MS", "500"),
    ("CHARGING__DATABASE__CONNECT_TIMEOUT_MS", "1000"),
];
/// The log line of an ingestor that halves a batch.
const HALVED: &str = "a batch timed out repeatedly";

/// What the ingestors did meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Halved {
    /// How many batches were halved.
    pub times: usize,
    /// The time until each partition had advanced while everything was slow.
    pub advanced: Duration,
    /// The time to catch up afterwards.
    pub caught_up: Duration,
}

/// Stops all ingestors for `gathering`, so that batches become large. Then starts as many, and
/// delays the values that they send by `per_kib`, until some batches were halved and each partition has
/// advanced.
///
/// # Errors
/// When no batch is too large, a partition does not advance, or they do not catch up afterwards.
pub async fn delay_writes(
    environment: &mut Environment,
    gathering: Duration,
    per_kib: Duration,
) -> anyhow::Result<Halved> {
    environment.wait_until_caught_up().await?;
    let before = environment.fleet.logged(HALVED)?;
    let ingestors = environment.fleet.kill_all().await;
    environment.output.progress(&format!(
        "no ingestor runs for {}, so that the next batches are large",
        seconds(gathering)
    ));
    tokio::time::sleep(gathering).await;
    environment.proxy.delay_per_kib(per_kib);
    environment.fleet.start_many(ingestors)?;
    environment.output.progress(&format!(
        "{ingestors} ingestors start, and the values that they send are delayed by {} ms per KiB",
        per_kib.as_millis()
    ));
    let advanced = environment.wait_for_progress().await;
    let times = environment.fleet.logged(HALVED)? - before;
    environment.proxy.delay_per_kib(Duration::ZERO);
    let advanced = advanced?;
    environment.output.progress(&format!(
        "{times} batches were halved; each partition had advanced after {}; the delay is removed",
        seconds(advanced)
    ));
    ensure!(times > 0, "no batch was too large: the fault had no effect");
    let caught_up = environment.wait_until_caught_up().await?;
    environment.output.progress(&format!("caught up after {}", seconds(caught_up)));
    Ok(Halved { times, advanced, caught_up })
}
