//! Waiting for a condition, bounded; no test sleeps for luck.

use std::future::Future;
use std::time::Duration;

/// How long a condition may take to come true before the test fails. Generous: machines are shared.
const PATIENCE: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_millis(20);

/// Asks `condition` again and again until it is true.
///
/// # Panics
/// When it has not come true within a minute; the message says `what` was waited for.
pub async fn eventually<F, Fut>(what: &str, mut condition: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    eventually_some(what, || {
        let asked = condition();
        async move { asked.await.then_some(()) }
    })
    .await;
}

/// Asks `find` again and again until it finds something.
///
/// # Panics
/// When it has found nothing within a minute; the message says `what` was waited for.
pub async fn eventually_some<T, F, Fut>(what: &str, mut find: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let search = async {
        loop {
            if let Some(found) = find().await {
                return found;
            }
            tokio::time::sleep(INTERVAL).await;
        }
    };
    match tokio::time::timeout(PATIENCE, search).await {
        Ok(found) => found,
        Err(_elapsed) => panic!("waited {PATIENCE:?} in vain for: {what}"),
    }
}
