//! Waits until a service is ready.

use crate::output::progress;
use crate::{Api, Process};
use std::time::{Duration, Instant};

/// The time in which a service must become ready.
const READY: Duration = Duration::from_secs(60);

/// Waits until the service with the probes at `admin` is ready, and prints a line every 5 s while
/// it waits.
///
/// # Errors
/// When the service exits, or is not ready within a minute.
pub async fn ready(admin: &str, service: &mut Process) -> anyhow::Result<()> {
    let probe = Api::new(admin)?;
    let begun = Instant::now();
    let mut reported = 0;
    loop {
        let response = probe.get("/readyz").await;
        if response.as_ref().is_ok_and(|response| response.status == 200) {
            return Ok(());
        }
        let waited = begun.elapsed();
        if waited > READY {
            let why =
                response.map_or_else(|error| format!("{error:#}"), |response| response.body.to_string());
            let (name, log) = (service.name, service.log.display());
            anyhow::bail!("{name} is not ready after {READY:?}: {why}; see {log}");
        }
        if waited.as_secs() / 5 > reported {
            reported = waited.as_secs() / 5;
            progress(&format!("waiting for {} ({} s)", service.name, waited.as_secs()));
        }
        tokio::select! {
            died = service.died() => return Err(died),
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
    }
}
