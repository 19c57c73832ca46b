//! Checks the rows of a file against the database, and writes them.

use super::Format;
use super::error::ImportError;
use super::progress::{Phase, Progress};
use super::reader::{Chunk, ChunkReader, finish, read};
use super::report::{Fault, Mode, Report};
use super::table::Table;
use crate::http::context::Api;
use crate::http::error::ApiError;
use domain::assets::{EditStamp, OperatorBound};
use futures_util::stream;
use runtime::causes;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use storage::assets::{audit, import};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;
use uuid::Uuid;

/// An import that is ready to run.
pub struct Import {
    pub api: Arc<Api>,
    /// The operators to which the caller is bound: rows about others are faults.
    pub bound: OperatorBound,
    pub format: Format,
    pub dry_run: bool,
    pub mode: Mode,
    /// Time limit for each part: checking the rows, and writing them.
    pub limit: Duration,
    pub max_rows: usize,
}

impl Import {
    /// Runs the import in a task of its own, so that a client that disconnects after sending its
    /// file does not stop it.
    pub async fn run<T: Table>(
        self,
        file: File,
        stamp: EditStamp,
        progress: Progress,
        slot: OwnedSemaphorePermit,
    ) -> Result<Report, ApiError> {
        let work = async move {
            let mut report = Report::new(self.dry_run, self.mode, &stamp.by);
            let imported = self.import::<T>(file, stamp.clone(), progress, &mut report).await;
            drop(slot);
            report.interrupted = imported.is_err();
            if report.applied {
                report.import_id = self.record::<T>(&report, stamp).await;
            }
            if report.applied || imported.is_ok() {
                report.log(T::NAME);
            }
            imported.map(|()| report)
        };
        let task = tokio::spawn(work.in_current_span());
        task.await.unwrap_or_else(|join| Err(ImportError::Spool(io::Error::other(join)).into()))
    }

    /// Records an import of which something was written in the audit, and returns its id there. The rows have entries
    /// of their own, which were written with them; so a failure is logged and fails no import.
    async fn record<T: Table>(&self, report: &Report, stamp: EditStamp) -> Option<Uuid> {
        let (id, summary) = (Uuid::now_v7(), report.summary(T::NAME));
        let recorded = self.api.run(move |mut connection| async move {
            Ok(audit::append_import(&mut connection, id, &stamp, summary).await?)
        });
        match recorded.await {
            Ok(()) => Some(id),
            Err(error) => {
                tracing::error!(
                    error = causes(&error),
                    "an import was written but is not recorded as such in the audit; its rows are"
                );
                None
            }
        }
    }

    async fn import<T: Table>(
        &self,
        file: File,
        stamp: EditStamp,
        mut progress: Progress,
        report: &mut Report,
    ) -> Result<(), ApiError> {
        let writes = self.mode == Mode::BestEffort && !self.dry_run;
        let file = self.chunk_by_chunk::<T>(file, &stamp, writes, &mut progress, report).await?;
        report.applied = writes;
        if self.mode == Mode::Atomic && !self.dry_run && report.failed == 0 {
            *report = self.all_together::<T>(file, report.rows, stamp, progress).await?;
        }
        report.errors.sort_by_key(Fault::line);
        Ok(())
    }

    /// Writes each chunk in a transaction of its own, stamped with `stamp`; unless it `writes`, only
    /// checks what writing would do. When it fails, `report` has what was written before.
    async fn chunk_by_chunk<T: Table>(
        &self,
        file: File,
        stamp: &EditStamp,
        writes: bool,
        progress: &mut Progress,
        report: &mut Report,
    ) -> Result<File, ApiError> {
        let end = Instant::now() + self.limit;
        let phase = if writes { Phase::Writing } else { Phase::Checking };
        progress.report(phase, 0, 0);
        let (mut chunks, reading) = read::<T>(file, self.format, self.max_rows, self.bound.clone());
        while let Some(chunk) = in_time(end, chunks.recv()).await? {
            let Chunk { rows, bytes, entries, failed, faults } = chunk;
            let (by, bound) = (writes.then(|| stamp.clone()), self.bound.clone());
            let left = end.saturating_duration_since(Instant::now());
            let outcome = self.api.run_within(left, move |mut connection| async move {
                Ok(match by {
                    None => import::foresee(&mut connection, &bound, &entries).await?,
                    Some(by) => import::put_many(&mut connection, &bound, &entries, &by).await?,
                })
            });
            report.count::<T>(in_time(end, outcome).await??);
            report.applied |= writes;
            report.rows += rows;
            report.failed += failed;
            faults.into_iter().for_each(|fault| report.add_fault(fault));
            progress.report(phase, report.rows, bytes);
        }
        finish(reading).await
    }

    /// Writes all `rows` in one transaction, after none of them was found invalid.
    async fn all_together<T: Table>(
        &self,
        file: File,
        rows: usize,
        stamp: EditStamp,
        progress: Progress,
    ) -> Result<Report, ApiError> {
        let (chunks, reading): ChunkReader<T> = read(file, self.format, self.max_rows, self.bound.clone());
        let mut report = Report::new(self.dry_run, self.mode, &stamp.by);
        let bound = self.bound.clone();
        let coming = Coming { chunks, left: rows, done: (0, 0), progress };
        let written = self.api.run_within(self.limit, move |mut connection| async move {
            import::put_all(&mut connection, &bound, stream::unfold(coming, Coming::next), &stamp).await
        });
        let outcome = written.await?;
        drop(finish(reading).await?);
        report.rows = outcome.entries();
        report.applied = outcome.refused.is_empty();
        report.count::<T>(outcome);
        Ok(report)
    }
}

async fn in_time<T>(end: Instant, work: impl Future<Output = T>) -> Result<T, ApiError> {
    timeout_at(end, work).await.map_err(|_elapsed| ImportError::TooSlow.into())
}

/// The chunks of a file that are not written yet.
struct Coming<T> {
    chunks: Receiver<Chunk<T>>,
    /// The number of rows that are not received yet.
    left: usize,
    /// The numbers of rows and of bytes of the file that were received.
    done: (usize, u64),
    progress: Progress,
}

impl<T: Table> Coming<T> {
    /// The entries of the next chunk, after those before it are written. A reader that fails looks
    /// like the end of the file; so the end before the last row is an error, as otherwise a part
    /// would be taken for the whole file.
    async fn next(mut self) -> Option<(Result<Vec<T>, ApiError>, Self)> {
        self.progress.report(Phase::Writing, self.done.0, self.done.1);
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
