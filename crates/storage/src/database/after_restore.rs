//! What a database needs that was restored from a backup, before services use it.

use crate::commands::batches;
use crate::feed::{Jump, jump_after_restore};
use crate::{Connection, StorageError};
use diesel_async::AsyncConnection;

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prepared {
    /// The positions of the feed that are skipped.
    pub jump: Jump,
    /// The number of command batches that were ended.
    pub batches: usize,
}

/// Skips positions of the feed, and ends the unfinished command batches, in one transaction.
///
/// # Errors
/// If PostgreSQL fails; nothing is changed in that case.
pub async fn prepare(connection: &mut Connection) -> Result<Prepared, StorageError> {
    connection
        .transaction(async |tx| {
            let jump = jump_after_restore(tx).await?;
            let batches = batches::expire_unfinished(tx).await?;
            Ok(Prepared { jump, batches })
        })
        .await
}
