//! Looks rows up, and writes them.

use super::Format;
use super::reader::{Chunk, Reading, read};
use super::report::{Fault, Report};
use crate::api::Api;
use crate::error::ApiError;
use domain::asset::Signature;
use futures_util::stream;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use storage::piles;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What becomes of good rows when others are bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is written.
    Atomic,
    /// They are written.
    BestEffort,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Atomic, Self::BestEffort];

    /// The word for it in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Atomic => "atomic",
            Self::BestEffort => "best-effort",
        }
    }
}

/// What is to be done with a file.
pub struct Import {
    pub api: Arc<Api>,
    pub format: Format,
    pub dry_run: bool,
    pub mode: Mode,
    /// How long each part of it may take: to look the rows up, and to write them.
    pub limit: Duration,
    pub max_rows: usize,
}

impl Import {
    /// Does it, in a task of its own: a client that goes away when its file is there does not stop it.
    pub async fn run(
        self,
        file: File,
        signature: Signature,
        slot: OwnedSemaphorePermit,
    ) -> Result<Report, ApiError> {
        let task = tokio::spawn(async move {
            let report = self.import(file, signature).await;
            drop(slot);
            if let Ok(report) = &report {
                let Report { dry_run, mode, applied, rows, created, updated, unchanged, failed, .. } = report;
                tracing::info!(
                    dry_run,
                    mode,
                    applied,
                    rows,
                    created,
                    updated,
                    unchanged,
                    failed,
                    "piles imported"
                );
            }
            report
        });
        match task.await {
            Ok(report) => report,
            Err(join) if join.is_panic() => std::panic::resume_unwind(join.into_panic()),
            Err(cancelled) => Err(ApiError::Spool(io::Error::other(cancelled))),
        }
    }

    async fn import(&self, file: File, signature: Signature) -> Result<Report, ApiError> {
        let writes = self.mode == Mode::BestEffort && !self.dry_run;
        let by = writes.then_some(&signature);
        let late = |_elapsed| Err(ApiError::ImportTooSlow);
        let (file, mut report) =
            timeout(self.limit, self.chunk_by_chunk(file, by)).await.unwrap_or_else(late)?;
        report.applied = writes;
        if self.mode == Mode::Atomic && !self.dry_run && report.failed == 0 {
            return self.all_together(file, report.rows, signature).await;
        }
        Ok(report)
    }

    /// Writes each chunk in a transaction of its own, in the name of `by`; without it only looks what would become of it.
    async fn chunk_by_chunk(&self, file: File, by: Option<&Signature>) -> Result<(File, Report), ApiError> {
        let mut report = Report::new(self.dry_run, self.mode);
        let (mut chunks, reading) = read(file, self.format, self.max_rows);
        while let Some(Chunk { rows, entries, failed, faults }) = chunks.recv().await {
            let by = by.cloned();
            let outcome = self.api.run(move |mut connection| async move {
                Ok(match by {
                    None => piles::foresee(&mut connection, &entries).await?,
                    Some(by) => piles::put_many(&mut connection, &entries, &by).await?,
                })
            });
            report.count(outcome.await?);
            report.rows += rows;
            report.failed += failed;
            faults.into_iter().for_each(|fault| report.tell(fault));
        }
        report.errors.sort_by_key(Fault::line);
        Ok((finish(reading).await?, report))
    }

    /// Writes all `rows` in one transaction, when nothing was wrong with any of them just now.
    async fn all_together(&self, file: File, rows: usize, signature: Signature) -> Result<Report, ApiError> {
        let (chunks, reading): Reading = read(file, self.format, self.max_rows);
        let written = self.api.run_within(self.limit, move |mut connection| async move {
            let mut done = 0;
            let entries = stream::unfold((chunks, rows), entries);
            let outcome = piles::put_all(&mut connection, entries, &signature, |more| done += more).await?;
            Ok((done, outcome))
        });
        let (rows, outcome) = written.await?;
        drop(finish(reading).await?);
        let mut report = Report::new(self.dry_run, self.mode);
        report.rows = rows;
        report.applied = outcome.refused.is_empty();
        report.count(outcome);
        Ok(report)
    }
}

/// The chunks of a file, and how many of its rows are still to come.
type Coming = (Receiver<Chunk>, usize);

/// The entries of the next chunk. A reading that fails looks like the end of the file, so it must not come before its last row:
/// what was written so far would be taken for the whole.
async fn entries((mut chunks, left): Coming) -> Option<(Result<Vec<piles::Entry>, ApiError>, Coming)> {
    match chunks.recv().await {
        Some(chunk) => Some((Ok(chunk.entries), (chunks, left.saturating_sub(chunk.rows)))),
        None if left > 0 => Some((Err(ApiError::Spool(io::ErrorKind::UnexpectedEof.into())), (chunks, 0))),
        None => None,
    }
}

async fn finish(reading: JoinHandle<Result<File, ApiError>>) -> Result<File, ApiError> {
    reading.await.unwrap_or_else(|join| Err(ApiError::Spool(io::Error::other(join))))
}
