//! PostgreSQL is restarted while ingestors run.

use crate::environment::Environment;
use crate::output::seconds;
use crate::stack::{Stack, Stop};

/// Restarts PostgreSQL and waits until the ingestors have caught up.
///
/// # Errors
/// When PostgreSQL does not start, or the ingestors do not catch up.
pub async fn restart(environment: &Environment, stack: &Stack, stop: Stop) -> anyhow::Result<()> {
    environment.wait_until_caught_up().await?;
    environment.output.progress(&format!("PostgreSQL: {stop}, then start it again"));
    stack.restart_postgres(stop).await?;
    let back = environment.wait_until_caught_up().await?;
    environment.output.progress(&format!("caught up {} after the restart", seconds(back)));
    Ok(())
}
