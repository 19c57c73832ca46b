//! Waiting for a condition with a time limit; tests never sleep and hope.

use std::future::Future;
use std::time::Duration;

/// The time in which a condition must become true. Generous, because machines are slow and shared.
const TIMEOUT: Duration = Duration::from_secs(180);
const INTERVAL: Duration = Duration::from_millis(20);

/// Checks `condition` repeatedly until it is true.
///
/// # Panics
/// When it does not become true within three minutes; the message contains `what`.
pub async fn eventually<F, Fut>(what: &str, mut condition: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    eventually_some(what, || {
        let holds = condition();
        async move { holds.await.then_some(()) }
    })
    .await;
}

/// Calls `find` repeatedly until it finds something.
///
/// # Panics
/// When it finds nothing within three minutes; the message contains `what`.
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
    match tokio::time::timeout(TIMEOUT, search).await {
        Ok(found) => found,
        Err(_elapsed) => panic!("this did not happen within {TIMEOUT:?}: {what}"),
    }
}
