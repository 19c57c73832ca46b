//! Waiting for a condition, with a time limit.

use anyhow::{Context as _, ensure};
use std::time::{Duration, Instant};

/// The interval between two checks.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Checks `condition` repeatedly until it is true; returns how long that took. An error, for
/// example because a server is down, counts as false; the last one is the cause of a time-out.
///
/// # Errors
/// When it does not become true within `limit`.
pub(crate) async fn wait_until(
    what: &str,
    limit: Duration,
    condition: impl AsyncFn() -> anyhow::Result<bool>,
) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let met = async || {
        ensure!(condition().await?, "the condition does not hold yet");
        Ok(())
    };
    wait_for(what, limit, met).await?;
    Ok(begun.elapsed())
}

/// Calls `call` repeatedly until it returns a result.
///
/// # Errors
/// When it returns none within `limit`.
pub(crate) async fn wait_for<T>(
    what: &str,
    limit: Duration,
    call: impl AsyncFn() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let begun = Instant::now();
    let mut why = anyhow::anyhow!("no result yet");
    loop {
        let left = limit.saturating_sub(begun.elapsed());
        match tokio::time::timeout(left, call()).await {
            Ok(Ok(result)) => return Ok(result),
            Ok(Err(error)) => why = error,
            Err(_elapsed) => {
                return Err(why)
                    .with_context(|| format!("waited for {what}, which did not happen within {limit:?}"));
            }
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
