//! `/api/v1/feed`: changes as server-sent events.
//!
//! One task per process ([`hub`]) reads the feed and keeps recent changes in memory. Each client
//! ([`follower`]) reads from there, or pages from the database while it is behind.

mod access;
mod filter;
mod follower;
mod frames;
mod hidden;
mod hub;
mod places;
mod problem;
mod ring;
pub mod routes;

pub use hub::Hub;

use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use access::FeedAccess;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use domain::feed::FeedPosition;
use filter::Filter;
use follower::Follower;
use problem::FeedRefusal;
use runtime::auth::Caller;
use runtime::http::QueryParams;
use storage::feed::{CursorState, Span};

/// `GET /api/v1/feed`
pub async fn follow(
    request: HttpRequest,
    api: Data<Api>,
    hub: Data<Hub>,
    Bound(bound): Bound,
    caller: Caller,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, ApiError> {
    let asked = query.optional("lastEventId", |value| Ok(value.as_str().map(str::to_owned))).flatten();
    let filter = Filter::take(&mut query, FeedAccess::of(&caller));
    let filter = query.finish(filter)?;
    filter.check_types()?;
    // A client that reconnects sends the header; its URL may still contain the position at which it
    // first began. An empty header means none: that is what a client sends after a stream without
    // ids.
    let header =
        request.headers().get("last-event-id").filter(|value| !value.as_bytes().trim_ascii().is_empty());
    let asked = asked.filter(|text| !text.trim().is_empty());
    let asked = match header {
        Some(value) => Some(
            value.to_str().map_err(|_unreadable| ApiError::from(FeedRefusal::InvalidPosition))?.to_owned(),
        ),
        None => asked,
    };
    let after = asked.map(|text| text.parse().map_err(|_unreadable| FeedRefusal::InvalidPosition));
    let after: Option<FeedPosition> = after.transpose()?;
    let place = hub.admit(&caller)?;
    let (span, asked) = api
        .run(move |mut connection| async move {
            // Includes everything that is committed by now, and skips positions after a failover.
            storage::feed::sequence_all(&mut connection).await?;
            let asked = match after {
                Some(after) => Some((after, storage::feed::cursor_state(&mut connection, after).await?)),
                None => None,
            };
            Ok((storage::feed::span(&mut connection).await?, asked))
        })
        .await?;
    hub.follow_jump(span.last);
    let start = start(asked, span)?;
    let follower = Follower::new(hub.into_inner(), place, filter, bound, start);
    let stream = follower.ending_in(caller.stream_time()).stream();
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Proxies that know this header pass each event on at once.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(stream))
}

/// The position after which a client continues that has read up to the position in `asked`, with its
/// state; the end of the feed if it asked for none. `span` was read after the state: what was written in
/// between is for the client, too.
fn start(asked: Option<(FeedPosition, CursorState)>, span: Span) -> Result<FeedPosition, FeedRefusal> {
    let Some((after, state)) = asked else { return Ok(FeedPosition::end_of(span.last)) };
    match state {
        _ if after.chunk > span.last => Err(FeedRefusal::InvalidPosition),
        CursorState::Lost => Err(FeedRefusal::PositionLost),
        CursorState::AtEnd { last } => Ok(FeedPosition::end_of(last)),
        CursorState::Other if after.next_chunk() < span.first => Err(FeedRefusal::PositionGone),
        CursorState::Other => Ok(after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_while_a_client_connects_is_sent_to_it() {
        let read = FeedPosition::end_of(4);
        let span = Span { first: 1, last: 6 };
        assert!(
            matches!(start(Some((read, CursorState::AtEnd { last: 4 })), span), Ok(from) if from == read)
        );
        let skipped = CursorState::AtEnd { last: 5 };
        assert!(matches!(start(Some((read, skipped)), span), Ok(from) if from == FeedPosition::end_of(5)));
        assert!(matches!(start(None, span), Ok(from) if from == FeedPosition::end_of(6)));
    }
}
