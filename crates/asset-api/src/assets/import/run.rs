//! Looks rows up, and writes them.

use super::Format;
use super::error::ImportError;
use super::progress::{Phase, Progress};
use super::reader::{Chunk, Reading, finish, read};
use super::report::{Fault, Mode, Report};
use super::table::Table;
use crate::http::context::Api;
use crate::http::error::ApiError;
use domain::assets::Signature;
use futures_util::stream;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use storage::assets::import;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

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
    pub async fn run<T: Table>(
        self,
        file: File,
        signature: Signature,
        progress: Progress,
        slot: OwnedSemaphorePermit,
    ) -> Result<Report, ApiError> {
        let work = async move {
            let report = self.import::<T>(file, signature, progress).await;
            drop(slot);
            if let Ok(report) = &report {
                report.log(T::NAME);
            }
            report
        };
        let task = tokio::spawn(work.in_current_span());
        task.await.unwrap_or_else(|join| Err(ImportError::Spool(io::Error::other(join)).into()))
    }

    async fn import<T: Table>(
        &self,
        file: File,
        signature: Signature,
        mut progress: Progress,
    ) -> Result<Report, ApiError> {
        let writes = self.mode == Mode::BestEffort && !self.dry_run;
        let by = writes.then_some(&signature);
        let (file, mut report) = self.chunk_by_chunk::<T>(file, by, &mut progress).await?;
        report.applied = writes;
        if self.mode == Mode::Atomic && !self.dry_run && report.failed == 0 {
            report = self.all_together::<T>(file, report.rows, signature, progress).await?;
        }
        report.errors.sort_by_key(Fault::line);
        Ok(report)
    }

    /// Writes each chunk in a transaction of its own, in the name of `by`; without it only looks what would become of it.
    async fn chunk_by_chunk<T: Table>(
        &self,
        file: File,
        by: Option<&Signature>,
        progress: &mut Progress,
    ) -> Result<(File, Report), ApiError> {
        let end = Instant::now() + self.limit;
        let phase = if by.is_some() { Phase::Writing } else { Phase::Checking };
        progress.tell(phase, 0, 0);
        let mut report = Report::new(self.dry_run, self.mode);
        let (mut chunks, reading) = read::<T>(file, self.format, self.max_rows);
        while let Some(chunk) = in_time(end, chunks.recv()).await? {
            let Chunk { rows, bytes, entries, failed, faults } = chunk;
            let by = by.cloned();
            let left = end.saturating_duration_since(Instant::now());
            let outcome = self.api.run_within(left, move |mut connection| async move {
                Ok(match by {
                    None => import::foresee(&mut connection, &entries).await?,
                    Some(by) => import::put_many(&mut connection, &entries, &by).await?,
                })
            });
            report.count::<T>(in_time(end, outcome).await??);
            report.rows += rows;
            report.failed += failed;
            faults.into_iter().for_each(|fault| report.tell(fault));
            progress.tell(phase, report.rows, bytes);
        }
        Ok((finish(reading).await?, report))
    }

    /// Writes all `rows` in one transaction, when nothing was wrong with any of them just now.
    async fn all_together<T: Table>(
        &self,
        file: File,
        rows: usize,
        signature: Signature,
        progress: Progress,
    ) -> Result<Report, ApiError> {
        let (chunks, reading): Reading<T> = read(file, self.format, self.max_rows);
        let coming = Coming { chunks, left: rows, done: (0, 0), progress };
        let written = self.api.run_within(self.limit, move |mut connection| async move {
            import::put_all(&mut connection, stream::unfold(coming, Coming::next), &signature).await
        });
        let outcome = written.await?;
        drop(finish(reading).await?);
        let mut report = Report::new(self.dry_run, self.mode);
        report.rows = outcome.entries();
        report.applied = outcome.refused.is_empty();
        report.count::<T>(outcome);
        Ok(report)
    }
}

async fn in_time<T>(end: Instant, work: impl Future<Output = T>) -> Result<T, ApiError> {
    timeout_at(end, work).await.map_err(|_elapsed| ImportError::TooSlow.into())
}

/// The chunks of a file that are still to be written.
struct Coming<T> {
    chunks: Receiver<Chunk<T>>,
    /// How many rows are still to come.
    left: usize,
    /// How many rows, and bytes of the file, came so far.
    done: (usize, u64),
    progress: Progress,
}

impl<T: Table> Coming<T> {
    /// The entries of the next chunk, when those before it are written. A reading that fails looks like the end of the file, so
    /// it must not come before its last row: what was written so far would be taken for the whole.
    async fn next(mut self) -> Option<(Result<Vec<T>, ApiError>, Self)> {
        self.progress.tell(Phase::Writing, self.done.0, self.done.1);
        match self.chunks.recv().await {
            Some(chunk) => {
                self.left = self.left.saturating_sub(chunk.rows);
                self.done = (self.done.0 + chunk.rows, chunk.bytes);
                Some((Ok(chunk.entries), self))
            }
            None if self.left > 0 => {
                self.left = 0;
                Some((Err(ImportError::Spool(io::ErrorKind::UnexpectedEof.into()).into()), self))
            }
            None => None,
        }
    }
}
