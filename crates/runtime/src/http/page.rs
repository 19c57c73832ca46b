//! Pages of a list: newest first, by a cursor that stays right while others add and remove.

mod cursor;

pub use cursor::Cursor;

use crate::openapi::Parameter;
use schemars::{JsonSchema, json_schema};
use serde::Serialize;
use std::fmt::Display;

/// Which page is asked for.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest {
    /// The last item of the page before.
    pub after: Option<Cursor>,
    limit: usize,
}

impl PageRequest {
    /// How many items a page has unless asked otherwise.
    pub const DEFAULT_LIMIT: usize = 50;
    /// How many it has at most.
    pub const MAX_LIMIT: usize = 200;

    /// A page of `limit` items, from 1 to [`MAX_LIMIT`](Self::MAX_LIMIT); a number beyond that counts as the nearest.
    #[must_use]
    pub fn new(after: Option<Cursor>, limit: usize) -> Self {
        Self { after, limit: limit.clamp(1, Self::MAX_LIMIT) }
    }

    /// What a query may say of the page, for the document.
    #[must_use]
    pub fn parameters() -> [Parameter; 2] {
        let limit = json_schema!({
            "type": "integer", "minimum": 1, "maximum": Self::MAX_LIMIT, "default": Self::DEFAULT_LIMIT,
        });
        [
            Parameter::query::<String>(
                "cursor",
                "Where the page begins: the `nextCursor` of the page before.",
            ),
            Parameter::query::<usize>("limit", "How many items it has at most.").like(limit),
        ]
    }

    /// How many rows to ask for: one more than fit, which tells whether there is a next page.
    #[must_use]
    pub fn rows(&self) -> i64 {
        i64::try_from(self.limit + 1).unwrap_or(i64::MAX)
    }
}

/// One page.
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
    /// The page that `request` asked for, of the rows that it led to. `place` tells the cursor of an item.
    pub fn cut<C: Display>(request: &PageRequest, mut rows: Vec<T>, place: impl FnOnce(&T) -> C) -> Self {
        let more = rows.len() > request.limit;
        rows.truncate(request.limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| place(last).to_string());
        Self { items: rows, next_cursor }
    }

    /// The items.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The same page with its items shown otherwise.
    pub fn show<'a, U>(&'a self, show: impl Fn(&'a T) -> U) -> Page<U> {
        Page { items: self.items.iter().map(show).collect(), next_cursor: self.next_cursor.clone() }
    }
}
