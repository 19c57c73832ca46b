//! Waiting for a condition, bounded.

use anyhow::{Context as _, ensure};
use std::time::{Duration, Instant};

/// Between looks.
const LOOK: Duration = Duration::from_millis(50);

/// Asks `condition` again and again until it is true; says how long that took. An error, such as that a server is away,
/// counts as no, and the last one says why it was in vain.
///
/// # Errors
/// When it has not come true within `limit`.
pub(crate) async fn wait_until(
    what: &str,
    limit: Duration,
    condition: impl AsyncFn() -> anyhow::Result<bool>,
) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let met = async || {
        ensure!(condition().await?, "not yet");
        Ok(())
    };
    wait_for(what, limit, met).await?;
    Ok(begun.elapsed())
}

/// Asks again and again until there is an answer.
///
/// # Errors
/// When there was none within `limit`.
pub(crate) async fn wait_for<T>(
    what: &str,
    limit: Duration,
    ask: impl AsyncFn() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let begun = Instant::now();
    let mut why = anyhow::anyhow!("no answer");
    loop {
        let left = limit.saturating_sub(begun.elapsed());
        match tokio::time::timeout(left, ask()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => why = error,
            Err(_elapsed) => return Err(why).with_context(|| format!("waited {limit:?} in vain for {what}")),
        }
        tokio::time::sleep(LOOK).await;
    }
}
