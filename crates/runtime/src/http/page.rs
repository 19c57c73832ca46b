//! Pages of a list, newest first. The cursor stays valid while items are added and removed.

mod cursor;
mod take;

pub use cursor::Cursor;
pub use take::{InvalidCursor, take, take_after, take_cursor};

use crate::openapi::Parameter;
use schemars::{JsonSchema, json_schema};
use serde::Serialize;
use std::fmt::Display;

/// The requested page.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest {
    /// The position of the last item on the previous page; `None` for the first page.
    pub after: Option<Cursor>,
    limit: usize,
}

impl PageRequest {
    /// Number of items on a page by default.
    pub const DEFAULT_LIMIT: usize = 50;
    /// Largest number of items on a page.
    pub const MAX_LIMIT: usize = 200;

    /// A page of `limit` items; values outside 1 to [`MAX_LIMIT`](Self::MAX_LIMIT) are clamped.
    #[must_use]
    pub fn new(after: Option<Cursor>, limit: usize) -> Self {
        Self { after, limit: limit.clamp(1, Self::MAX_LIMIT) }
    }

    /// The same page with at most `limit` items, and at least one.
    #[must_use]
    pub fn at_most(self, limit: usize) -> Self {
        Self { limit: self.limit.min(limit.max(1)), ..self }
    }

    /// The query parameters of a page, for the OpenAPI document.
    #[must_use]
    pub fn parameters() -> [Parameter; 2] {
        let limit = json_schema!({
            "type": "integer", "minimum": 1, "maximum": Self::MAX_LIMIT, "default": Self::DEFAULT_LIMIT,
        });
        [
            Parameter::query::<String>(
                "cursor",
                "The position after which the page begins: the `nextCursor` of the previous page.",
            ),
            Parameter::query::<usize>("limit", "The largest number of items on the page.").like(limit),
        ]
    }

    /// The number of rows to query: one more than the limit, which shows whether there is a next
    /// page.
    #[must_use]
    pub fn rows(&self) -> i64 {
        i64::try_from(self.items()).unwrap_or(i64::MAX)
    }

    /// The same number, for a list in memory.
    #[must_use]
    pub const fn items(&self) -> usize {
        self.limit + 1
    }
}

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    /// The entries of this page, in the order of the list. Empty if there are none.
    items: Vec<T>,
    /// The value of `cursor` with which the next page is requested; null on the last page.
    next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Cuts `rows`, queried for `request`, to a page. `place` returns the cursor of an item.
    pub fn cut<C: Display>(request: &PageRequest, mut rows: Vec<T>, place: impl FnOnce(&T) -> C) -> Self {
        let more = rows.len() > request.limit;
        rows.truncate(request.limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| place(last).to_string());
        Self { items: rows, next_cursor }
    }

    /// The same page; if it seems to be the last one, the list continues after `place`, for lists whose
    /// pages may be short.
    #[must_use]
    pub fn or_continue<C: Display>(mut self, place: Option<C>) -> Self {
        self.next_cursor = self.next_cursor.or_else(|| place.map(|place| place.to_string()));
        self
    }

    /// The items, in the order of the list.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The value of `cursor` with which the next page is requested; `None` on the last page.
    pub fn next_cursor(&self) -> Option<&str> {
        self.next_cursor.as_deref()
    }

    /// The same page with each item converted by `show`.
    pub fn show<'a, U>(&'a self, show: impl Fn(&'a T) -> U) -> Page<U> {
        Page { items: self.items.iter().map(show).collect(), next_cursor: self.next_cursor.clone() }
    }
}
