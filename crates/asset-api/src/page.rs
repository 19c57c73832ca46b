//! Which page of a list a query asks for.

use crate::error::ApiError;
use crate::fields::Fields;
use crate::fields::parse::{in_query, whole};
use domain::asset::Edition;
use runtime::http::page::{Cursor, PageRequest};
use uuid::Uuid;

/// Takes `cursor` and `limit` out of the query.
///
/// # Errors
/// When the cursor is none; a wrong limit is left for `query` to tell.
pub fn take(query: &mut Fields) -> Result<PageRequest, ApiError> {
    let limit = query.optional("limit", in_query(whole(1..=PageRequest::MAX_LIMIT)));
    let after = query.optional("cursor", |value| Ok(value.as_str().and_then(Cursor::decode)));
    match after {
        Some(None) => Err(ApiError::InvalidCursor),
        after => Ok(PageRequest::new(after.flatten(), limit.unwrap_or(PageRequest::DEFAULT_LIMIT))),
    }
}

/// The place of the asset called `id`.
pub const fn place(edition: Edition, id: Uuid) -> Cursor {
    Cursor { created_at: edition.created_at, id }
}
