//! `GET /api/v1/sessions/{sessionId}/quote`: the cost of a recorded session by its own readings.

use super::view::SessionQuoteView;
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::sessions::SessionNotFound;
use crate::sessions::SessionResource;
use actix_web::HttpResponse;
use actix_web::web::Data;
use runtime::http::PathId;
use storage::tariffs::quote_of_session;

/// `GET /api/v1/sessions/{sessionId}/quote`
pub async fn quote(
    api: Data<Api>,
    Bound(bound): Bound,
    PathId(id): PathId<SessionResource>,
) -> Result<HttpResponse, ApiError> {
    let quote = api
        .run(move |mut connection| async move {
            Ok(quote_of_session(&mut connection, &bound, id).await?.ok_or(SessionNotFound)??)
        })
        .await?;
    Ok(HttpResponse::Ok().json(SessionQuoteView::of(id, quote)))
}
