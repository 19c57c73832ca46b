//! The command `after-restore`: prepares a database that was restored from a backup.

use crate::Settings;
use anyhow::Context as _;
use runtime::Context;
use std::io::Write as _;
use storage::database::after_restore::{self, Prepared};
use storage::{Database, PooledConnection, StorageError};

/// Skips the positions of the feed that were assigned since the backup, and ends the command batches
/// that were unfinished then, because piles may have been commanded since. A backup that is
/// restored without a new timeline needs it; nothing else can notice it. Every call skips positions
/// again, which does no harm.
///
/// # Errors
/// When PostgreSQL fails; nothing is changed in that case.
pub async fn after_restore(settings: Settings, _context: Context) -> anyhow::Result<()> {
    let database = Database::new(&settings.database).context("database settings")?;
    database.check_schema().await.context("check the schema")?;
    let work = async move |mut connection: PooledConnection| after_restore::prepare(&mut connection).await;
    let Prepared { jump, batches } = database.run::<_, StorageError, _, _>(work).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "the feed continues after {} instead of {}", jump.skipped_to, jump.skipped_after)?;
    writeln!(
        out,
        "{batches} unfinished command batches end: their remaining piles are refused, BATCH_EXPIRED"
    )?;
    Ok(())
}
