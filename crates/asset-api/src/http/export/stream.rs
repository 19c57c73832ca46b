//! The body of a running export.

use super::{End, ExportList, Format, Outcome, PAGE};
use crate::http::error::ApiError;
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use runtime::{Shutdown, causes};
use std::convert::Infallible;
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;

/// A running export.
pub struct Export<L: ExportList> {
    pub(super) list: L,
    pub(super) format: Format,
    /// The position of the last row that was written; at first the cursor of the request.
    pub(super) after: Option<L::Position>,
    /// Number of rows that were written.
    pub(super) rows: usize,
    pub(super) max_rows: usize,
    pub(super) until: Instant,
    pub(super) shutdown: Shutdown,
    pub(super) _slot: OwnedSemaphorePermit,
}

/// Rows that are read and not yet written.
struct Rows<R> {
    rows: Vec<R>,
    /// Whether further rows follow.
    more: bool,
}

impl<L: ExportList> Export<L> {
    /// The list that is exported.
    pub const fn list(&self) -> &L {
        &self.list
    }

    /// The body of the response. The first page is read before the response begins, so that a failure
    /// is a problem.
    ///
    /// # Errors
    /// If the first page cannot be read.
    pub async fn body(self) -> Result<impl Stream<Item = Result<Bytes, Infallible>> + use<L>, ApiError> {
        let first = self.read().await?;
        let head = if self.format == Format::Csv { L::HEADER } else { "" };
        let (piece, rest) = self.write(head, &first);
        let rest = stream::unfold(rest, async |rest| {
            let export: Self = rest?;
            match export.read().await {
                Ok(rows) => Some(export.write("", &rows)),
                Err(error) => {
                    tracing::warn!(
                        error = causes(&error),
                        rows = export.rows,
                        what = L::WHAT,
                        "ending an export early: the next page cannot be read; the client can continue with the \
                         cursor in the last line"
                    );
                    Some((export.end(Outcome::Failed).into(), None))
                }
            }
        });
        Ok(stream::once(async { piece }).chain(rest).map(Ok))
    }

    /// Reads the next page; at least one row may still be written.
    async fn read(&self) -> Result<Rows<L::Row>, ApiError> {
        let wanted = self.max_rows.saturating_sub(self.rows).min(PAGE);
        let limit = i64::try_from(wanted + 1).unwrap_or(i64::MAX);
        let mut rows = self.list.read(self.after.clone(), limit).await?;
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        Ok(Rows { rows, more })
    }

    /// Writes one page after `head`, and the last line if none follows; returns the export if it
    /// continues. Its slot is released with the last line, so that a client that has read it can
    /// start another export.
    fn write(mut self, head: &'static str, page: &Rows<L::Row>) -> (Bytes, Option<Self>) {
        let mut text = head.to_owned();
        for row in &page.rows {
            self.format.write_row::<L>(&mut text, &self.list.view(row));
        }
        self.rows += page.rows.len();
        if let Some(last) = page.rows.last() {
            self.after = Some(self.list.position(last));
        }
        let outcome = if !page.more {
            Outcome::Complete
        } else if self.rows >= self.max_rows {
            Outcome::RowLimit
        } else if self.shutdown.is_requested() {
            Outcome::Stopped
        } else if Instant::now() >= self.until {
            Outcome::TimeLimit
        } else {
            return (text.into(), Some(self));
        };
        text.push_str(&self.end(outcome));
        (text.into(), None)
    }

    /// The last line.
    fn end(&self, outcome: Outcome) -> String {
        let next_cursor = self.after.as_ref().filter(|_| outcome != Outcome::Complete);
        let next_cursor = next_cursor.map(ToString::to_string);
        self.format.end::<L>(&End { outcome, rows: self.rows, next_cursor })
    }
}
