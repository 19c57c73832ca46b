//! Waiting for a service to be ready.

use crate::narrator::say;
use crate::{Api, Process};
use std::time::{Duration, Instant};

/// How long a service may take to be ready.
const READY: Duration = Duration::from_secs(60);

/// Waits until a service, whose probes are at `admin`, says that it is ready; shows what it waits for when that takes long.
///
/// # Errors
/// When it ends or takes longer than a minute.
pub async fn ready(admin: &str, service: &mut Process) -> anyhow::Result<()> {
    let probe = Api::new(admin)?;
    let begun = Instant::now();
    let mut told = 0;
    loop {
        let answer = probe.get("/readyz").await;
        if answer.as_ref().is_ok_and(|answer| answer.status == 200) {
            return Ok(());
        }
        let waited = begun.elapsed();
        if waited > READY {
            let why = answer.map_or_else(|error| format!("{error:#}"), |answer| answer.body.to_string());
            let (name, log) = (service.name, service.log.display());
            anyhow::bail!("{name} is not ready after {READY:?}: {why}; see {log}");
        }
        if waited.as_secs() / 5 > told {
            told = waited.as_secs() / 5;
            say(&format!("waiting for {} ({} s)", service.name, waited.as_secs()));
        }
        tokio::select! {
            died = service.died() => return Err(died),
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
    }
}
