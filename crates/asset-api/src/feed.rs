//! `/api/v1/feed`: what changes, as it changes, as server-sent events.
//!
//! One task for the whole process ([`hub`]) reads the feed and keeps what is recent; each client follows from there
//! ([`follower`]), or pages from the database while it is behind.

mod filter;
mod follower;
mod frames;
mod hub;
mod problem;
mod ring;
pub mod routes;

pub use hub::Hub;

use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use domain::feed::FeedPosition;
use filter::Filter;
use follower::Follower;
use problem::Refusal;
use runtime::http::QueryParams;
use storage::feed::Span;

/// `GET /api/v1/feed`
pub async fn follow(
    request: HttpRequest,
    api: Data<Api>,
    hub: Data<Hub>,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let asked = query.optional("lastEventId", |value| Ok(value.as_str().map(str::to_owned))).flatten();
    let filter = Filter::take(&mut query);
    let filter = query.finish(filter)?;
    // The header comes of a client that comes back; the address may still hold where it once began.
    // Empty is what an event stream without ids has left in the client: none.
    let header =
        request.headers().get("last-event-id").filter(|value| !value.as_bytes().trim_ascii().is_empty());
    let asked = asked.filter(|text| !text.trim().is_empty());
    let asked = match header {
        Some(value) => {
            Some(value.to_str().map_err(|_unreadable| ApiError::from(Refusal::InvalidPosition))?.to_owned())
        }
        None => asked,
    };
    let after = asked.map(|text| text.parse().map_err(|_unreadable| Refusal::InvalidPosition));
    let after: Option<FeedPosition> = after.transpose()?;
    let place = hub.admit()?;
    let span = api
        .run(|mut connection| async move {
            // What is committed by now is before the end.
            storage::feed::sequence_all(&mut connection).await?;
            Ok(storage::feed::span(&mut connection).await?)
        })
        .await?;
    let start = start(after, span)?;
    let stream = Follower::new(hub.into_inner(), place, filter, start).stream();
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Proxies that know this pass each event on at once.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(stream))
}

/// Where a client begins that has read up to `after`, or nothing: then at the end.
fn start(after: Option<FeedPosition>, span: Span) -> Result<FeedPosition, Refusal> {
    match after {
        None => Ok(FeedPosition::end_of(span.last)),
        Some(after) if after.chunk > span.last => Err(Refusal::InvalidPosition),
        Some(after) if after.next_chunk() < span.first => Err(Refusal::PositionGone),
        Some(after) => Ok(after),
    }
}
