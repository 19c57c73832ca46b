//! The operations console: web pages over the public API and the feed, which asset-api serves under `/console`. The pages are built
//! of `web/` by `make console` and embedded; without that, one page says how to build them.

mod files;
mod pages;

pub use pages::Console;
use runtime::http::WebOrigin;

/// What the pages must be told of the service that serves them.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Where commands go; `None` where nobody is to send any.
    pub dispatcher: Option<WebOrigin>,
    /// Whether the API asks for a token.
    pub asks_for_tokens: bool,
    /// The release.
    pub version: &'static str,
}
