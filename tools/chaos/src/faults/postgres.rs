//! Postgres stops under the ingestors' hands and comes back.

use crate::environment::Environment;
use crate::narrator::seconds;
use crate::stack::{Stack, Stop};

/// Restarts it and waits until the ingestors have caught up.
///
/// # Errors
/// When it does not come back, or they do not.
pub async fn restart(environment: &Environment, stack: &Stack, stop: Stop) -> anyhow::Result<()> {
    environment.settle().await?;
    environment.narrator.say(&format!("Postgres: {stop}, and start it again"));
    stack.restart_postgres(stop).await?;
    let back = environment.settle().await?;
    environment.narrator.say(&format!("caught up {} after it was back", seconds(back)));
    Ok(())
}
