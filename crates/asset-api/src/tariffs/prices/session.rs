//! `GET /api/v1/sessions/{sessionId}/quote`: the cost of a recorded session by its own readings.

use super::problem::UnquotableSession;
use super::view::SessionQuote;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::sessions::SessionNotFound;
use crate::sessions::SessionResource;
use actix_web::HttpResponse;
use actix_web::web::Data;
use domain::tariffs::{MAX_READINGS, Usage};
use runtime::http::PathId;
use storage::sessions::{MeteredSession, find_metered};
use storage::tariffs::load_book_at;

/// `GET /api/v1/sessions/{sessionId}/quote`
pub async fn quote(api: Data<Api>, PathId(id): PathId<SessionResource>) -> Result<HttpResponse, ApiError> {
    let limit = i64::try_from(MAX_READINGS).unwrap_or(i64::MAX);
    let quote = api
        .run(move |mut connection| async move {
            let found = find_metered(&mut connection, id, limit).await?.ok_or(SessionNotFound)?;
            let MeteredSession { session, place, samples, freed_at } = found;
            let place = place.ok_or(UnquotableSession::WithoutPile)?;
            let usage = Usage::recorded(&session, samples).map_err(UnquotableSession::NotMetered)?;
            let usage = match freed_at {
                Some(at) => usage.unplugged(at).map_err(UnquotableSession::NotMetered)?,
                None => usage,
            };
            let (from, to) = (usage.started_at(), freed_at.unwrap_or_else(|| usage.ended_at()));
            let found = load_book_at(&mut connection, &place, session.connector_id, from, to).await?;
            let (place, book) = found.ok_or(UnquotableSession::WithoutPile)?;
            let quote = book.quote(&place, &usage)?;
            let (ended, readings) = (session.ended_at().is_some(), usage.reading_count());
            Ok(SessionQuote { session_id: session.id, ended, readings, unplugged_at: freed_at, quote })
        })
        .await?;
    Ok(HttpResponse::Ok().json(quote))
}
