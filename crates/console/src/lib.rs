//! The operations console: web pages on top of the public API and the feed, which asset-api serves
//! under `/console`. `make console` builds the pages from `web/`, and the build script embeds them;
//! without them, one page explains how to build them.

mod files;
mod label;
mod map_tiles;
mod pages;
mod sign_in;

pub use label::{InvalidLabelContent, LabelContent};
pub use map_tiles::{InvalidTiles, MapTiles};
pub use pages::Console;
use runtime::http::WebOrigin;
pub use sign_in::{InvalidIssuer, SignIn};

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
    /// The claim of a token that lists its operators; empty if tokens are never bound.
    pub operators_claim: String,
    /// Sign-in at an OpenID provider; without it users can only paste a token.
    pub sign_in: Option<SignIn>,
    /// The tiles of the map; without them it has only outlines.
    pub map_tiles: Option<MapTiles>,
    /// The version of the release.
    pub version: &'static str,
}
