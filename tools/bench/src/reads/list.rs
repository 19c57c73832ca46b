//! A list of the API, walked from one end to the other: the beginning of each page, and some fields
//! of its items.

use crate::http_client::HttpClient;
use anyhow::Context as _;
use serde::Deserialize;

/// Items per measured page, as a user interface requests them.
pub const LIMIT: usize = 50;

/// A list that was walked.
#[derive(Debug)]
pub struct List {
    /// Its path with `limit=50`, to which a cursor can be added.
    path: String,
    /// The number of items before each page, and the cursor of the page; the first page has none.
    pages: Vec<(usize, Option<String>)>,
    /// Its items.
    pub items: Vec<Item>,
}

/// The fields of an item that are used.
#[derive(Debug, Deserialize)]
pub struct Item {
    /// Its id.
    pub id: uuid::Uuid,
    /// Its latitude; `None` for piles.
    pub latitude: Option<f64>,
    /// Its longitude; `None` for piles.
    pub longitude: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Vec<Item>,
    next_cursor: Option<String>,
}

impl List {
    /// Walks the list at `path`, `step` items at a time.
    pub async fn walk(client: &HttpClient, path: &str, step: usize) -> anyhow::Result<Self> {
        let separator = if path.contains('?') { "&" } else { "?" };
        let mut list = Self {
            path: format!("{path}{separator}limit={LIMIT}"),
            pages: vec![(0, None)],
            items: Vec::new(),
        };
        let first = format!("{path}{separator}limit={step}");
        let mut next = first.clone();
        loop {
            let response = client.get(&next).await?;
            let page: Page = serde_json::from_slice(response.body_of(200)?)
                .with_context(|| format!("decode a page of {path}"))?;
            list.items.extend(page.items);
            let Some(cursor) = page.next_cursor else { return Ok(list) };
            next = format!("{first}&cursor={cursor}");
            list.pages.push((list.items.len(), Some(cursor)));
        }
    }

    /// The path of the last full page that begins within the first `percent` percent of the list.
    pub fn page_at(&self, percent: usize) -> String {
        let within = (self.items.len() * percent / 100).min(self.items.len().saturating_sub(LIMIT));
        let page = self.pages.iter().rev().find(|(before, _)| *before <= within);
        let cursor = page.and_then(|(_, cursor)| cursor.as_ref());
        cursor.map_or_else(|| self.path.clone(), |cursor| format!("{}&cursor={cursor}", self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_full_pages_by_their_depth() {
        let item = || Item { id: uuid::Uuid::nil(), latitude: None, longitude: None };
        let pages = [0, 200, 400, 600, 800].map(|before| (before, Some(format!("c{before}"))));
        let items = (0..849).map(|_| item()).collect();
        let mut list = List { path: "/x?limit=50".to_owned(), pages: pages.to_vec(), items };
        list.pages[0].1 = None;
        assert_eq!(list.page_at(0), "/x?limit=50");
        assert_eq!(list.page_at(50), "/x?limit=50&cursor=c400");
        // From 800 on there are only 49.
        assert_eq!(list.page_at(99), "/x?limit=50&cursor=c600");
    }
}
