//! Parses which page of a list a query asks for.

pub use crate::http::cursors::{ByDistance, ByName, ByNote, ByTime, ByVersion};

use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{in_query, whole};
use domain::assets::Revision;
use runtime::http::page::{Cursor, PageRequest};
use uuid::Uuid;

/// Takes `cursor` and `limit` out of the query.
///
/// # Errors
/// [`ApiError::InvalidCursor`]. An invalid limit is recorded in `query` instead.
pub fn take(query: &mut Fields) -> Result<PageRequest, ApiError> {
    let (after, mut request) = take_after(query, Cursor::decode)?;
    request.after = after;
    Ok(request)
}

/// Like [`take`] for a list with its own cursors, which `decode` reads: the cursor after which the
/// page begins, and the size of the page.
///
/// # Errors
/// As [`take`].
pub fn take_after<C>(
    query: &mut Fields,
    decode: impl Fn(&str) -> Option<C>,
) -> Result<(Option<C>, PageRequest), ApiError> {
    let limit = query.optional("limit", in_query(whole(1..=PageRequest::MAX_LIMIT)));
    let request = PageRequest::new(None, limit.unwrap_or(PageRequest::DEFAULT_LIMIT));
    Ok((take_cursor(query, decode)?, request))
}

/// Takes `cursor`, which `decode` reads, out of a query or a body.
///
/// # Errors
/// [`ApiError::InvalidCursor`] when `decode` returns `None`.
pub fn take_cursor<C>(
    fields: &mut Fields,
    decode: impl Fn(&str) -> Option<C>,
) -> Result<Option<C>, ApiError> {
    let text = fields.optional("cursor", |value| Ok(value.as_str().unwrap_or("no text").to_owned()));
    // An empty cursor, as forms send it, counts as absent.
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| decode(&text).ok_or(ApiError::InvalidCursor)).transpose()
}

/// The cursor of the asset with id `id`.
pub const fn place(revision: Revision, id: Uuid) -> Cursor {
    Cursor { created_at: revision.created_at, id }
}
