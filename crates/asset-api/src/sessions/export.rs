//! `GET /api/v1/sessions/export`: all sessions that match a filter, as CSV or NDJSON.

mod csv;
mod examples;

pub use examples::{CSV_EXAMPLE, NDJSON_EXAMPLE};

use super::view::SessionView;
use super::{CompleteSession, complete, filter};
use crate::http::context::Api;
use crate::http::drivers::IdTags;
use crate::http::error::ApiError;
use crate::http::export::{ExportList, ExportRequest, response};
use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use domain::assets::OperatorBound;
use domain::ids::SessionId;
use runtime::http::page::Cursor;
use std::sync::Arc;
use storage::sessions::Filter;

/// The header with the estimated number of sessions.
pub const ESTIMATED_ROWS: &str = "X-Estimated-Rows";

/// `GET /api/v1/sessions/export`
pub async fn export(mut request: ExportRequest, id_tags: IdTags) -> Result<HttpResponse, ApiError> {
    let (after, filter) = request.read(Cursor::decode, |query| Some(filter::take(query)))?;
    filter::check(&filter, id_tags)?;
    let ExportRequest { api, exports, bound, format, .. } = request;
    let sessions = Sessions { api, bound, filter: Arc::new(filter), id_tags };
    let export = exports.begin(sessions, format, after)?;
    let estimated = export.list().estimated_count(after).await?.min(exports.max_rows());
    let body = export.body().await?;
    Ok(response::<Sessions>(format).insert_header((ESTIMATED_ROWS, estimated)).streaming(body))
}

/// The sessions that match a filter.
struct Sessions {
    api: Arc<Api>,
    bound: OperatorBound,
    filter: Arc<Filter>,
    id_tags: IdTags,
}

fn place(cursor: Cursor) -> (DateTime<Utc>, SessionId) {
    (cursor.created_at, SessionId(cursor.id))
}

impl Sessions {
    /// The number of sessions after `after`, as PostgreSQL's statistics estimate it.
    async fn estimated_count(&self, after: Option<Cursor>) -> Result<usize, ApiError> {
        let (bound, filter) = (self.bound.clone(), Arc::clone(&self.filter));
        let estimate = self.api.run(move |mut connection| async move {
            Ok(storage::sessions::estimate_count(&mut connection, &bound, &filter, after.map(place)).await?)
        });
        estimate.await
    }
}

impl ExportList for Sessions {
    type Row = CompleteSession;
    type Position = Cursor;
    type View<'a> = SessionView<'a>;

    const WHAT: &'static str = "sessions";
    const KEY: &'static str = "session";
    const COLUMNS: &'static [&'static str] = &csv::COLUMNS;
    const HEADER: &'static str = csv::HEADER;

    async fn read(&self, after: Option<Cursor>, limit: i64) -> Result<Vec<CompleteSession>, ApiError> {
        let (bound, filter) = (self.bound.clone(), Arc::clone(&self.filter));
        let read = self.api.run(move |mut connection| async move {
            let after = after.map(place);
            let rows = storage::sessions::list(&mut connection, &bound, &filter, after, limit).await?;
            Ok(complete(&mut connection, rows).await?)
        });
        read.await
    }

    fn position(&self, row: &CompleteSession) -> Cursor {
        let session = &row.placed.session;
        Cursor { created_at: session.started_at, id: session.id.0 }
    }

    fn view<'a>(&self, row: &'a CompleteSession) -> SessionView<'a> {
        SessionView::of(row, self.id_tags)
    }
}
