//! The tiles below the map of stations.

use crate::sign_in::origin_of;
use runtime::http::WebOrigin;
use serde::Serialize;

/// Images that the map shows below the stations.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MapTiles {
    /// The address of a tile, with `{z}`, `{x}` and `{y}` for its place.
    pub url: String,
    /// Whose tiles they are; the map shows it as text.
    pub attribution: String,
    #[serde(skip)]
    origin: WebOrigin,
}

/// The text is not the address of tiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "console.map_tiles {0:?} is not the address of tiles: write it with {{z}}, {{x}} and {{y}} in its path, as in https://tiles.example/{{z}}/{{x}}/{{y}}.png"
)]
pub struct InvalidTiles(String);

impl MapTiles {
    /// Tiles at `url`.
    ///
    /// # Errors
    /// If `url` is not an address of tiles.
    pub fn new(url: &str, attribution: &str) -> Result<Self, InvalidTiles> {
        let is_template = ["{z}", "{x}", "{y}"].iter().all(|place| url.contains(place));
        let origin = origin_of(url).filter(|_| is_template).ok_or_else(|| InvalidTiles(url.to_owned()))?;
        Ok(Self { url: url.to_owned(), attribution: attribution.to_owned(), origin })
    }

    /// The origin of the tiles.
    pub(crate) fn origin(&self) -> &str {
        self.origin.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_one_origin_and_the_place_of_a_tile() {
        let tiles = MapTiles::new("https://tiles.example:8443/w/{z}/{x}/{y}.png?key=1", "© X").unwrap();
        assert_eq!(tiles.origin(), "https://tiles.example:8443");
        for url in [
            "https://tiles.example/{z}/{x}.png",
            "https://{s}.tiles.example/{z}/{x}/{y}.png",
            "/tiles/{z}/{x}/{y}.png",
            "javascript://x/{z}{x}{y}",
        ] {
            assert_eq!(MapTiles::new(url, "").unwrap_err(), InvalidTiles(url.to_owned()));
        }
    }
}
