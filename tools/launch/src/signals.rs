//! Termination signals.

use tokio::signal::unix::{SignalKind, signal};

/// Returns on Ctrl-C or SIGTERM.
pub async fn shutdown_requested() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
