//! `POST /api/v1/piles/import` and `POST /api/v1/stations/import`: creates or replaces many assets
//! from one file.
//!
//! 1. The body is spooled to a file without a name before the database is accessed. So a client
//!    that is slow or stops half way holds no transaction and leaves nothing behind.
//! 2. A thread reads rows from the file and passes them on in chunks, which bounds the memory.
//! 3. Each chunk is checked against the database, or with `mode=best-effort` written in a
//!    transaction of its own.
//! 4. With `mode=atomic` and no invalid row, the file is read a second time and written in one
//!    transaction.

mod charset;
mod csv;
mod error;
mod lines;
mod progress;
mod reader;
mod report;
pub mod routes;
mod rows;
mod run;
mod spool;
mod table;

pub use error::ImportError;

use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::edit;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{flag, in_query, one_of};
use crate::settings::ImportSettings;
use actix_web::http::header::{Accept, CACHE_CONTROL, CONTENT_TYPE, Header as _};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use charset::Charset;
use domain::ids::Actor;
use encoding_rs::UTF_8;
use progress::Progress;
use report::Mode;
use run::Import;
use runtime::Problem;
use runtime::auth::Subject;
use runtime::http::{Deadline, QueryParams, refuse_compressed};
use std::sync::Arc;
use std::time::Duration;
use table::Table;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument as _;

/// The message for an unsupported charset.
const UNKNOWN_CHARSET: &str = "must be utf-8, gbk, gb18030, big5, utf-16le or utf-16be";

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// CSV according to RFC 4180, with a header.
    Csv,
    /// One JSON object per line.
    NdJson,
}

/// The limits of imports, and the slots of those that run.
pub struct Imports {
    settings: ImportSettings,
    slots: Arc<Semaphore>,
}

impl Imports {
    pub fn new(settings: ImportSettings) -> Self {
        let slots = Arc::new(Semaphore::new(settings.max_concurrent));
        Self { settings, slots }
    }

    fn enter(&self) -> Result<OwnedSemaphorePermit, ImportError> {
        Arc::clone(&self.slots).try_acquire_owned().map_err(|_full| ImportError::TooMany)
    }
}

/// `POST /api/v1/piles/import` and `POST /api/v1/stations/import`
async fn import<T: Table>(
    api: Data<Api>,
    imports: Data<Imports>,
    request: HttpRequest,
    QueryParams(mut query): QueryParams<Fields>,
    Subject(by): Subject<Actor>,
    Bound(bound): Bound,
    body: Payload,
) -> Result<HttpResponse, ApiError> {
    let request = &request;
    let (format, declared) = format(request)?;
    refuse_compressed(request)?;
    let dry_run = query.optional("dryRun", in_query(flag)).unwrap_or(false);
    let mode = query.optional("mode", one_of(&Mode::ALL, Mode::as_str)).unwrap_or(Mode::Atomic);
    let requested = query.optional("charset", |value| {
        value.as_str().and_then(Charset::named).ok_or_else(|| UNKNOWN_CHARSET.to_owned())
    });
    query.finish(Some(()))?;
    let charset = requested.unwrap_or(declared);
    if format == Format::NdJson && ![Charset::Detect, Charset::Named(UTF_8)].contains(&charset) {
        return Err(ImportError::NotATable.into());
    }
    let slot = imports.enter()?;
    let settings = &imports.settings;
    let receive = Duration::from_millis(settings.receive_timeout_ms);
    let limit = Duration::from_millis(settings.work_timeout_ms);
    // The parts have limits of their own. This one must only not expire before theirs.
    Deadline::extend(request, receive + limit * 3);
    let file = spool::receive(settings, request, body).await?;
    let file = match format {
        Format::Csv => charset::normalize(file, charset, settings).await?,
        Format::NdJson => file,
    };
    let file = reader::check::<T>(file, format).await?;
    let max_rows = settings.max_rows;
    let import = Import { api: api.into_inner(), bound, format, dry_run, mode, limit, max_rows };
    let stamp = edit::stamp(by);
    if !wants_progress(request) {
        let report = import.run::<T>(file, stamp, Progress::default(), slot).await?;
        return Ok(HttpResponse::Ok().json(report));
    }
    let (progress, end, lines) = progress::follow();
    let (instance, trace_id) = (request.path().to_owned(), runtime::trace::current_trace_id());
    let work = async move {
        let outcome = import.run::<T>(file, stamp, progress, slot).await.map_err(Problem::from);
        end.finish(outcome, &instance, trace_id.as_deref()).await;
    };
    tokio::spawn(work.in_current_span());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/x-ndjson"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Proxies that know this header pass each line on at once.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(progress::body(lines)))
}

/// Whether the caller prefers lines of progress to one report at the end.
fn wants_progress(request: &HttpRequest) -> bool {
    let Ok(accepted) = Accept::parse(request) else { return false };
    let ranked = accepted.ranked();
    let known = ranked.iter().map(|media| media.essence_str()).find(|media| {
        matches!(*media, "application/x-ndjson" | "application/json" | "application/*" | "*/*")
    });
    known == Some("application/x-ndjson")
}

/// The format and the charset of the body according to its content type.
fn format(request: &HttpRequest) -> Result<(Format, Charset), ImportError> {
    let content_type =
        request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = content_type.split(';').map(|part| part.trim().to_ascii_lowercase());
    let format = match parts.next().as_deref() {
        Some("text/csv") => Format::Csv,
        Some("application/x-ndjson") => Format::NdJson,
        _ => return Err(ImportError::NotATable),
    };
    let mut charsets =
        parts.filter_map(|part| Some(part.strip_prefix("charset=")?.trim_matches('"').to_owned()));
    let charset = match charsets.next() {
        None => Charset::Detect,
        Some(label) => Charset::named(&label).ok_or(ImportError::NotATable)?,
    };
    // Two charsets for one file are contradictory.
    if charsets.next().is_some() { Err(ImportError::NotATable) } else { Ok((format, charset)) }
}
