//! Being told to end.

use tokio::signal::unix::{SignalKind, signal};

/// Ends on Ctrl-C and on SIGTERM.
pub async fn told_to_end() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
