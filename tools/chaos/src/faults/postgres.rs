//! Postgres stops under the ingestors' hands and comes back.

use crate::arena::Arena;
use crate::narrator::seconds;
use crate::stack::{Stack, Stop};

/// Restarts it and waits until the ingestors have caught up.
///
/// # Errors
/// When it does not come back, or they do not.
pub async fn restart(arena: &Arena, stack: &Stack, stop: Stop) -> anyhow::Result<()> {
    arena.settle().await?;
    arena.narrator.say(&format!("Postgres: {stop}, and start it again"));
    stack.restart_postgres(stop).await?;
    let back = arena.settle().await?;
    arena.narrator.say(&format!("caught up {} after it was back", seconds(back)));
    Ok(())
}
