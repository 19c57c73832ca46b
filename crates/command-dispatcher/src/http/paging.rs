//! The page that a list request asks for.

use crate::error::DispatchError;
use runtime::http::page::{Cursor, PageRequest};
use runtime::problem::FieldError;
use serde::Deserialize;

/// The query of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    cursor: Option<String>,
    limit: Option<String>,
}

impl PageQuery {
    /// Creates it from the page parameters of another query.
    pub(super) const fn new(cursor: Option<String>, limit: Option<String>) -> Self {
        Self { cursor, limit }
    }

    /// Returns the page, or an error for the invalid parameter.
    pub(super) fn parse(self) -> Result<PageRequest, DispatchError> {
        // HTML forms send an empty cursor for the first page.
        let cursor = self.cursor.filter(|text| !text.is_empty());
        let after =
            cursor.map(|text| Cursor::decode(&text).ok_or(DispatchError::InvalidCursor)).transpose()?;
        let limit = self.limit.map_or(Some(PageRequest::DEFAULT_LIMIT), |text| {
            text.parse().ok().filter(|limit| (1..=PageRequest::MAX_LIMIT).contains(limit))
        });
        let limit = limit.ok_or_else(|| {
            let message = format!("must be a whole number from 1 to {}", PageRequest::MAX_LIMIT);
            DispatchError::Invalid(vec![FieldError::new("limit", message)])
        })?;
        Ok(PageRequest::new(after, limit))
    }
}
