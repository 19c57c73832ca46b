//! The operations console: web pages on top of the public API and the feed, which asset-api serves
//! under `/console`. `make console` builds the pages from `web/`, and the build script embeds them;
//! without them, one page explains how to build them.

mod files;
mod label;
mod pages;

pub use label::{InvalidLabelContent, LabelContent};
pub use pages::Console;
use runtime::http::WebOrigin;

/// The settings of the service that the pages need.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The origin of command-dispatcher as browsers reach it; without it the pages neither send nor
    /// list commands.
    pub dispatcher: Option<WebOrigin>,
    /// The text of the codes on labels.
    pub label_content: LabelContent,
    /// Whether the API requires a token.
    pub asks_for_tokens: bool,
    /// The version of the release.
    pub version: &'static str,
}
