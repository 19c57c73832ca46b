//! Which page of a list a query asks for.

pub use crate::http::cursors::{ByDistance, ByName, ByNote, ByTime, ByVersion};

use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{in_query, whole};
use domain::assets::Edition;
use runtime::http::page::{Cursor, PageRequest};
use uuid::Uuid;

/// Takes `cursor` and `limit` out of the query.
///
/// # Errors
/// When the cursor is none; a wrong limit is left for `query` to tell.
pub fn take(query: &mut Fields) -> Result<PageRequest, ApiError> {
    let (after, mut request) = take_after(query, Cursor::decode)?;
    request.after = after;
    Ok(request)
}

/// The same for a list with cursors of its own, which `decode` reads: the place after which the page begins, and its size.
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
/// When it is no cursor.
pub fn take_cursor<C>(
    fields: &mut Fields,
    decode: impl Fn(&str) -> Option<C>,
) -> Result<Option<C>, ApiError> {
    let text = fields.optional("cursor", |value| Ok(value.as_str().unwrap_or("no text").to_owned()));
    // An empty one, as forms send it, is none.
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| decode(&text).ok_or(ApiError::InvalidCursor)).transpose()
}

/// The place of the asset called `id`.
pub const fn place(edition: Edition, id: Uuid) -> Cursor {
    Cursor { created_at: edition.created_at, id }
}
