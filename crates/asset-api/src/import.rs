//! `POST /api/v1/piles/import`: many piles from one file, each made, or replaced when there is one with its device.
//!
//! The body is spooled into a file without a name before anything is looked up: a client that is slow or stops half way holds no
//! transaction and leaves nothing behind. Then a thread reads rows from the file and hands them on in chunks, which bounds the
//! memory; the chunks are first looked up, or written one by one, and with `mode=atomic` read a second time and written in one
//! transaction, when nothing was wrong with any of them.

mod csv;
mod lines;
mod reader;
mod report;
mod rows;
mod run;
mod spool;

use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::fields::parse::{flag, in_query, one_of};
use crate::settings::ImportSettings;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use run::{Import, Mode};
use runtime::Problem;
use runtime::http::{Deadline, QueryParams};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with a header.
    Csv,
    /// A JSON object in each line.
    NdJson,
}

/// What imports are allowed, and how many go on.
pub struct Imports {
    settings: ImportSettings,
    slots: Arc<Semaphore>,
}

impl Imports {
    /// None goes on yet.
    pub fn new(settings: ImportSettings) -> Self {
        let slots = Arc::new(Semaphore::new(settings.max_concurrent));
        Self { settings, slots }
    }

    fn enter(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Arc::clone(&self.slots).try_acquire_owned().map_err(|_full| ApiError::TooManyImports)
    }
}

/// `POST /api/v1/piles/import`
pub async fn piles(
    api: Data<Api>,
    imports: Data<Imports>,
    request: HttpRequest,
    QueryParams(mut query): QueryParams<Fields>,
    caller: Caller,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    let format = format(&request)?;
    let dry_run = query.optional("dryRun", in_query(flag)).unwrap_or(false);
    let mode = query.optional("mode", one_of(&Mode::ALL, Mode::as_str)).unwrap_or(Mode::Atomic);
    query.finish(Some(()))?;
    let slot = imports.enter()?;
    let settings = &imports.settings;
    let receive = Duration::from_millis(settings.receive_timeout_ms);
    let limit = Duration::from_millis(settings.work_timeout_ms);
    // The parts have limits of their own, so this one is never met; it only must not come before theirs.
    Deadline::extend(&request, receive + limit * 3);
    let file = spool::receive(settings, &request, body).await?;
    let import = Import { api: api.into_inner(), format, dry_run, mode, limit, max_rows: settings.max_rows };
    let report = import.run(file, caller.sign(), slot).await?;
    Ok(HttpResponse::Ok().json(report))
}

/// How the body is written, as its content type says.
fn format(request: &HttpRequest) -> Result<Format, ApiError> {
    let said = request.headers().get(CONTENT_TYPE).and_then(|said| said.to_str().ok()).unwrap_or_default();
    let mut parts = said.split(';').map(|part| part.trim().to_ascii_lowercase());
    let format = match parts.next().as_deref() {
        Some("text/csv") => Format::Csv,
        Some("application/x-ndjson") => Format::NdJson,
        _ => return Err(ApiError::NotATable),
    };
    let mut charsets =
        parts.filter_map(|part| Some(part.strip_prefix("charset=")?.trim_matches('"').to_owned()));
    match charsets.all(|charset| charset == "utf-8") {
        true => Ok(format),
        false => Err(ApiError::NotATable),
    }
}
