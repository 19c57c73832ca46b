//! Exports: whole lists as CSV or NDJSON.
//!
//! Each page is read when the client has taken the previous one, on a connection of its own: the
//! memory is bounded, no transaction stays open, and a slow client holds no connection. The last
//! line states whether the export is complete, and otherwise the cursor with which it continues.

pub mod csv;
mod format;
mod request;
mod stream;

pub use format::{End, Format, Outcome};
pub use request::ExportRequest;
pub use stream::Export;

use crate::http::error::{ApiError, IntoProblem};
use crate::settings::ExportSettings;
use actix_web::http::header::{Accept, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, Header as _};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use runtime::{Problem, Shutdown};
use serde::Serialize;
use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Largest number of rows that are read at once.
const PAGE: usize = 500;

/// A list that can be exported.
pub trait ExportList: 'static {
    /// A row of the list.
    type Row;
    /// The position of a row, which is the cursor of the list.
    type Position: Display + Clone;
    /// A row as the list shows it.
    type View<'a>: Serialize;

    /// What the rows are, in the plural: the name of the file.
    const WHAT: &'static str;
    /// The key of a row in NDJSON.
    const KEY: &'static str;
    /// The columns of CSV: the fields of the view; a field of an object has the object's name in front.
    const COLUMNS: &'static [&'static str];
    /// The first row of CSV: the columns, and the two columns of the last row.
    const HEADER: &'static str;

    /// Up to `limit` rows, in the order of the list; only those after `after`.
    fn read(
        &self,
        after: Option<Self::Position>,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Self::Row>, ApiError>>;

    /// The position of `row`.
    fn position(&self, row: &Self::Row) -> Self::Position;

    /// The view of `row`.
    fn view<'a>(&self, row: &'a Self::Row) -> Self::View<'a>;
}

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

    /// Begins to export `list` after `after`.
    ///
    /// # Errors
    /// [`TooManyExports`].
    pub fn begin<L: ExportList>(
        &self,
        list: L,
        format: Format,
        after: Option<L::Position>,
    ) -> Result<Export<L>, TooManyExports> {
        Ok(Export {
            _slot: self.enter()?,
            list,
            format,
            after,
            until: Instant::now() + Duration::from_millis(self.settings.timeout_ms),
            max_rows: self.max_rows(),
            shutdown: self.shutdown.clone(),
            rows: 0,
        })
    }

    /// The most rows of an export.
    pub const fn max_rows(&self) -> usize {
        self.settings.max_rows.get()
    }

    fn enter(&self) -> Result<OwnedSemaphorePermit, TooManyExports> {
        Arc::clone(&self.slots).try_acquire_owned().map_err(|_full| TooManyExports)
    }
}

/// The response to an export of `L`, without its body.
pub fn response<L: ExportList>(format: Format) -> HttpResponseBuilder {
    let name = format!("attachment; filename=\"{}.{}\"", L::WHAT, format.as_str());
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, format.content_type()))
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Proxies that know this header pass each piece on at once.
        .insert_header(("X-Accel-Buffering", "no"));
    response
}

/// The format that the caller prefers according to `Accept`; CSV if it prefers neither.
fn accepted_format(request: &HttpRequest) -> Format {
    let accepted = Accept::parse(request).map(|accept| accept.ranked()).unwrap_or_default();
    accepted.iter().find_map(|media| Format::of_media(media.essence_str())).unwrap_or(Format::Csv)
}
