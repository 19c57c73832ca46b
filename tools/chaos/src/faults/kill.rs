//! Ingestors are killed one after another, and replaced.

use crate::environment::Environment;
use crate::output::seconds;
use std::sync::OnceLock;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// The goal beyond the duration of a lease.
const ALLOWANCE: Duration = Duration::from_secs(5);

/// How the others took over from a killed ingestor.
#[derive(Debug, Clone, Copy)]
pub struct Takeover {
    /// Until every partition was held by a running ingestor.
    pub held: Duration,
    /// Until every partition was at most about a second behind.
    pub caught_up: Duration,
    /// The greatest number of records that were appended and not yet written.
    pub backlog: i64,
    /// The goal for `caught_up`.
    pub target: Duration,
}

impl Takeover {
    /// Whether `caught_up` is within the goal.
    #[must_use]
    pub fn is_in_time(&self) -> bool {
        self.caught_up <= self.target
    }
}

/// Kills every ingestor once, while the others continue; each is replaced when they have taken
/// over.
///
/// # Errors
/// When they do not take over.
pub async fn kill_each(environment: &mut Environment) -> anyhow::Result<Vec<Takeover>> {
    let mut takeovers = Vec::new();
    for _ in 0..environment.fleet.len() {
        takeovers.push(kill_one(environment).await?);
    }
    environment.wait_until_caught_up().await?;
    Ok(takeovers)
}

/// Kills the oldest ingestor, and replaces it when the others have taken over.
///
/// # Errors
/// When they do not take over.
pub async fn kill_one(environment: &mut Environment) -> anyhow::Result<Takeover> {
    environment.wait_until_caught_up().await?;
    let name = environment.fleet.kill_oldest().await?;
    let killed_at = Instant::now();
    environment.output.progress(&format!("kill -9 {name}"));
    let max_backlog = AtomicI64::new(0);
    let held_after = OnceLock::new();
    let taken_over = async || {
        let is_held = held_after.get().is_some() || environment.held_by_others(&name).await?;
        if is_held {
            held_after.get_or_init(|| killed_at.elapsed());
        }
        let backlog = environment.backlog().await?;
        max_backlog.fetch_max(backlog.total, Relaxed);
        Ok(is_held && environment.is_caught_up(backlog))
    };
    environment.wait_for_ingestors("the others to take over and catch up", taken_over).await?;
    let takeover = Takeover {
        held: held_after.get().copied().unwrap_or_default(),
        caught_up: killed_at.elapsed(),
        backlog: max_backlog.into_inner(),
        target: environment.plan.lease + ALLOWANCE,
    };
    environment.output.progress(&format!(
        "the others hold all partitions after {} and have caught up after {}, goal {}; at most {} records behind",
        seconds(takeover.held),
        seconds(takeover.caught_up),
        seconds(takeover.target),
        takeover.backlog,
    ));
    environment.fleet.start()?;
    Ok(takeover)
}
