//! Reads which page of a list a request asks for.

use super::{Cursor, PageRequest};
use crate::Problem;
use crate::http::fields::Fields;
use crate::http::fields::parse::{in_query, whole};

/// The cursor was not issued by this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not valid")]
pub struct InvalidCursor;

impl From<InvalidCursor> for Problem {
    fn from(_invalid: InvalidCursor) -> Self {
        Self::bad_request("INVALID_CURSOR", "Cursor is not valid")
    }
}

/// Takes `cursor` and `limit` out of the query.
///
/// # Errors
/// [`InvalidCursor`]. An invalid limit is recorded in `query` instead.
pub fn take(query: &mut Fields) -> Result<PageRequest, InvalidCursor> {
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
) -> Result<(Option<C>, PageRequest), InvalidCursor> {
    let limit = query.optional("limit", in_query(whole(1..=PageRequest::MAX_LIMIT)));
    let request = PageRequest::new(None, limit.unwrap_or(PageRequest::DEFAULT_LIMIT));
    Ok((take_cursor(query, decode)?, request))
}

/// Takes `cursor`, which `decode` reads, out of a query or a body.
///
/// # Errors
/// [`InvalidCursor`] when `decode` returns `None`.
pub fn take_cursor<C>(
    fields: &mut Fields,
    decode: impl Fn(&str) -> Option<C>,
) -> Result<Option<C>, InvalidCursor> {
    let text = fields.optional("cursor", |value| Ok(value.as_str().unwrap_or("no text").to_owned()));
    // An empty cursor, as HTML forms send it, counts as absent.
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| decode(&text).ok_or(InvalidCursor)).transpose()
}
