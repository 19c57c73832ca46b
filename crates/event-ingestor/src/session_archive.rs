//! Archives old sessions and then deletes them.
//!
//! 1. Up to 2,000 sessions are written to a file without its final name: one JSON object per line,
//!    compressed with gzip.
//! 2. The file is flushed to the disk and renamed, and so is its directory.
//! 3. The sessions are deleted, except those that changed since they were read.
//!
//! Whatever is interrupted before the third step is done again: a session is in at least one file
//! before it is deleted, and may be in two.

mod file;

use crate::settings::RetentionSettings;
use anyhow::Context as _;
use file::ArchiveFile;
use retention::{Rule, Step};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use storage::sessions::archive::{self, OldSession};
use storage::{Database, PooledConnection, Slice, StorageError};

/// How often old sessions are searched. Only whole days become old, so this is no more than the delay.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// The most sessions of a file.
const SESSIONS_PER_FILE: usize = 2_000;
/// The pause between two statements, so that they take a small part of a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What happens to old sessions.
enum Destination {
    /// They are written to a file of this directory.
    Directory(PathBuf),
    /// They are deleted without a copy.
    Nowhere,
}

/// The rule for old sessions.
pub(crate) fn rule(settings: &RetentionSettings) -> Rule {
    let age = settings.sessions();
    let destination = match &settings.session_archive_directory {
        directory if !directory.as_os_str().is_empty() => Destination::Directory(directory.clone()),
        _ if settings.delete_sessions_without_archive => Destination::Nowhere,
        _ => {
            tracing::info!(
                days = settings.sessions_days,
                "old sessions are kept: retention.session_archive_directory is empty"
            );
            return Rule::reported("sessions", age);
        }
    };
    let destination = Arc::new(destination);
    let work = move |database, slice| -> futures_util::future::BoxFuture<'static, _> {
        let destination = Arc::clone(&destination);
        Box::pin(async move { archive_some(&database, slice, &destination).await })
    };
    Rule::with_work("sessions", "old", age, work).every(INTERVAL).for_all_rows()
}

/// Archives and deletes the sessions of one file.
async fn archive_some(database: &Database, slice: Slice, destination: &Destination) -> anyhow::Result<Step> {
    let sessions = match destination {
        Destination::Directory(directory) => copy(database, slice, directory).await?,
        Destination::Nowhere => read(database, slice, None).await?,
    };
    let is_full = sessions.len() >= SESSIONS_PER_FILE.min(usize::try_from(slice.limit)?);
    let mut rows = 0;
    for part in sessions.chunks(usize::try_from(slice.limit)?) {
        let part = part.to_vec();
        let delete =
            async move |mut connection: PooledConnection| archive::delete_old(&mut connection, &part).await;
        rows += database.run::<_, StorageError, _, _>(delete).await.context("delete archived sessions")?;
        tokio::time::sleep(PAUSE).await;
    }
    // Sessions that another transaction holds stay; the pass must not repeat them without end.
    Ok(Step { rows, next: (is_full && rows > 0).then_some(slice) })
}

/// Writes the next sessions to a file, and returns them once they are on the disk.
async fn copy(
    database: &Database,
    slice: Slice,
    directory: &std::path::Path,
) -> anyhow::Result<Vec<OldSession>> {
    let mut copied = Vec::new();
    let mut file = None;
    while copied.len() < SESSIONS_PER_FILE {
        let mut page = read(database, slice, copied.last().cloned()).await?;
        let is_last = i64::try_from(page.len())? < slice.limit;
        if let Some(first) = page.first() {
            let open = match file.take() {
                Some(open) => open,
                None => ArchiveFile::create(directory, first.started_at).await?,
            };
            file = Some(open.write(page.iter().map(|session| session.document.clone()).collect()).await?);
        }
        // The documents are in the file; only what identifies the sessions stays in memory.
        page.iter_mut().for_each(|session| session.document = String::new());
        copied.append(&mut page);
        if is_last {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    if let Some(file) = file {
        let path = file.finish().await?;
        tracing::info!(sessions = copied.len(), file = %path.display(), "sessions are archived; they are deleted next");
    }
    Ok(copied)
}

async fn read(
    database: &Database,
    slice: Slice,
    after: Option<OldSession>,
) -> Result<Vec<OldSession>, StorageError> {
    let list = async move |mut connection: PooledConnection| {
        archive::list_old(&mut connection, slice, after.as_ref()).await
    };
    database.run(list).await
}
