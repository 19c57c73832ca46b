//! `GET /api/v1/sessions/export`: all sessions that match a filter, as CSV or NDJSON.
//!
//! Each page is read when the client has taken the previous one, on a connection of its own: the
//! memory is bounded, no transaction stays open, and a slow client holds no connection. The last
//! line states whether the export is complete, and otherwise the cursor with which it continues.

mod csv;
mod lines;

pub use lines::{CSV_EXAMPLE, Format, NDJSON_EXAMPLE};

use super::{CompleteSession, complete, filter};
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::drivers::IdTags;
use crate::http::error::{ApiError, IntoProblem};
use crate::http::fields::Fields;
use crate::http::fields::parse::one_of;
use crate::settings::ExportSettings;
use actix_web::http::header::{Accept, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, Header as _};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use domain::assets::OperatorBound;
use domain::ids::SessionId;
use futures_util::{Stream, StreamExt as _, stream};
use lines::{End, Outcome};
use runtime::http::QueryParams;
use runtime::http::page::{Cursor, take_cursor};
use runtime::{Problem, Shutdown, causes};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::sessions::Filter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Largest number of sessions that are read at once.
const PAGE: usize = 500;
/// The header with the estimated number of sessions.
pub const ESTIMATED_ROWS: &str = "X-Estimated-Rows";

/// As many exports run as `export.max_concurrent` allows.
#[derive(Debug, Clone, Copy)]
pub struct TooManyExports;

impl IntoProblem for TooManyExports {
    fn into_problem(self) -> Problem {
        Problem::unavailable("TOO_MANY_EXPORTS", "Too many exports are running", 5)
    }
}

/// The limits of exports, and the slots of those that run.
pub struct Exports {
    settings: ExportSettings,
    slots: Arc<Semaphore>,
    shutdown: Shutdown,
}

impl Exports {
    pub fn new(settings: ExportSettings, shutdown: Shutdown) -> Self {
        let slots = Arc::new(Semaphore::new(settings.max_concurrent));
        Self { settings, slots, shutdown }
    }

    fn enter(&self) -> Result<OwnedSemaphorePermit, TooManyExports> {
        Arc::clone(&self.slots).try_acquire_owned().map_err(|_full| TooManyExports)
    }
}

/// `GET /api/v1/sessions/export`
pub async fn export(
    request: HttpRequest,
    api: Data<Api>,
    exports: Data<Exports>,
    Bound(bound): Bound,
    id_tags: IdTags,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let after = take_cursor(&mut query, Cursor::decode)?;
    let requested = query.optional("format", one_of(&Format::ALL, Format::as_str));
    let filter = filter::take(&mut query);
    query.finish(Some(()))?;
    filter::check(&filter, id_tags)?;
    let format = requested.unwrap_or_else(|| accepted_format(&request));
    let export = Export {
        _slot: exports.enter()?,
        api: api.into_inner(),
        until: Instant::now() + Duration::from_millis(exports.settings.timeout_ms),
        max_rows: exports.settings.max_rows.get(),
        shutdown: exports.shutdown.clone(),
        bound,
        filter: Arc::new(filter),
        id_tags,
        format,
        after,
        rows: 0,
    };
    let estimated = export.estimated_rows().await?;
    // Read before the response begins, so that a failure is a problem.
    let first = export.read().await?;
    let name = format!("attachment; filename=\"sessions.{}\"", format.as_str());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format.content_type()))
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((ESTIMATED_ROWS, estimated))
        // Proxies that know this header pass each piece on at once.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(export.stream(&first)))
}

/// The format that the caller prefers according to `Accept`; CSV if it prefers neither.
fn accepted_format(request: &HttpRequest) -> Format {
    let accepted = Accept::parse(request).map(|accept| accept.ranked()).unwrap_or_default();
    accepted.iter().find_map(|media| Format::of_media(media.essence_str())).unwrap_or(Format::Csv)
}

/// A running export.
struct Export {
    api: Arc<Api>,
    bound: OperatorBound,
    filter: Arc<Filter>,
    id_tags: IdTags,
    format: Format,
    /// The last session that was written; at first the cursor of the request.
    after: Option<Cursor>,
    /// Number of sessions that were written.
    rows: usize,
    max_rows: usize,
    until: Instant,
    shutdown: Shutdown,
    _slot: OwnedSemaphorePermit,
}

/// Sessions that are read and not yet written.
struct Rows {
    sessions: Vec<CompleteSession>,
    /// Whether further sessions follow.
    more: bool,
}

impl Export {
    fn position(&self) -> Option<(DateTime<Utc>, SessionId)> {
        self.after.map(|last| (last.created_at, SessionId(last.id)))
    }

    /// The number of sessions that this export writes, as PostgreSQL's statistics estimate it.
    async fn estimated_rows(&self) -> Result<usize, ApiError> {
        let (bound, filter, after) = (self.bound.clone(), Arc::clone(&self.filter), self.position());
        let estimate = self.api.run(move |mut connection| async move {
            Ok(storage::sessions::estimate_count(&mut connection, &bound, &filter, after).await?)
        });
        Ok(estimate.await?.min(self.max_rows))
    }

    /// Reads the next page; at least one session may still be written.
    async fn read(&self) -> Result<Rows, ApiError> {
        let (bound, filter, after) = (self.bound.clone(), Arc::clone(&self.filter), self.position());
        let wanted = self.max_rows.saturating_sub(self.rows).min(PAGE);
        let read = self.api.run(move |mut connection| async move {
            let limit = i64::try_from(wanted + 1).unwrap_or(i64::MAX);
            let mut rows = storage::sessions::list(&mut connection, &bound, &filter, after, limit).await?;
            let more = rows.len() > wanted;
            rows.truncate(wanted);
            Ok(Rows { sessions: complete(&mut connection, rows).await?, more })
        });
        read.await
    }

    /// The body of the response, which begins with the sessions `first`.
    fn stream(self, first: &Rows) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
        let head = self.format.head();
        let (piece, rest) = self.write(head, first);
        let rest = stream::unfold(rest, async |rest| {
            let export = rest?;
            match export.read().await {
                Ok(rows) => Some(export.write("", &rows)),
                Err(error) => {
                    tracing::warn!(
                        error = causes(&error),
                        rows = export.rows,
                        "ending an export of sessions early: the next page cannot be read; the client can continue \
                         with the cursor in the last line"
                    );
                    Some((export.end(Outcome::Failed).into(), None))
                }
            }
        });
        stream::once(async { piece }).chain(rest).map(Ok)
    }

    /// Writes one page after `head`, and the last line if none follows; returns the export if it
    /// continues. Its slot is released with the last line, so that a client that has read it can
    /// start another export.
    fn write(mut self, head: &'static str, rows: &Rows) -> (Bytes, Option<Self>) {
        let mut text = head.to_owned();
        for session in &rows.sessions {
            self.format.write_session(&mut text, session, self.id_tags);
        }
        self.rows += rows.sessions.len();
        if let Some(last) = rows.sessions.last() {
            let last = &last.placed.session;
            self.after = Some(Cursor { created_at: last.started_at, id: last.id.0 });
        }
        let outcome = if !rows.more {
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
        let next_cursor = self.after.filter(|_| outcome != Outcome::Complete);
        let next_cursor = next_cursor.map(|cursor| cursor.to_string());
        self.format.end(&End { outcome, rows: self.rows, next_cursor })
    }
}
