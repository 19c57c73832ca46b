//! Requests to a broker that no client library sends.

use anyhow::anyhow;
use testkit::kafka_wire::Connection;

/// Connects to the first of `brokers` and calls it, on its own thread because that blocks.
///
/// # Errors
/// When the broker is down or refuses.
pub(crate) async fn request<T: Send + 'static>(
    brokers: &str,
    call: impl FnOnce(&mut Connection) -> T + Send + 'static,
) -> anyhow::Result<T> {
    let broker = brokers.split(',').next().unwrap_or_default().to_owned();
    let result = tokio::task::spawn_blocking(move || call(&mut Connection::open(&broker))).await;
    // The connection panics after it has printed the cause on standard error.
    result.map_err(|error| anyhow!("the broker is down or refuses the request: {error}"))
}
