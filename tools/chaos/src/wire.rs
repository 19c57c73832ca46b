//! Requests to a broker that no client library sends.

use anyhow::anyhow;
use testkit::kafka_wire::Connection;

/// Connects to the first of `brokers` and calls it, on its own thread because that blocks.
///
/// # Errors
/// When the broker is down or refuses.
pub(crate) async fn ask<T: Send + 'static>(
    brokers: &str,
    ask: impl FnOnce(&mut Connection) -> T + Send + 'static,
) -> anyhow::Result<T> {
    let broker = brokers.split(',').next().unwrap_or_default().to_owned();
    let asked = tokio::task::spawn_blocking(move || ask(&mut Connection::open(&broker))).await;
    // The connection panics after it has printed the cause on standard error.
    asked.map_err(|error| anyhow!("the broker is down or refuses the request: {error}"))
}
