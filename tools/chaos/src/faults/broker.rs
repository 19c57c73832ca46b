//! The broker is restarted while ingestors run.

use crate::environment::Environment;
use crate::output::seconds;
use crate::stack::{Stack, Stop};

/// Restarts the broker and waits until the ingestors have caught up.
///
/// # Errors
/// When the broker does not start, or the ingestors do not catch up.
pub async fn restart(environment: &Environment, stack: &Stack, stop: Stop) -> anyhow::Result<()> {
    environment.wait_until_caught_up().await?;
    environment.output.progress(&format!("Kafka: {stop}, then start it again"));
    stack.restart_broker(stop).await?;
    let back = environment.wait_until_caught_up().await?;
    environment.output.progress(&format!("caught up {} after the restart", seconds(back)));
    Ok(())
}
