//! The kinds of requests that are measured, and the sequence of each.

use super::fixture;
use super::list::{LIMIT, List};
use crate::http_client::HttpClient;
use crate::report::{PILE, ReadTarget};
use crate::run_segment::Outcome;
use anyhow::Context as _;
use std::sync::Arc;

/// Different requests of a kind that does not have one for each pile: pgbench accepts at most 128
/// scripts.
const EXAMPLES: usize = 64;

/// A kind of request.
#[derive(Debug, Clone)]
pub struct Kind {
    /// The name in the report.
    pub name: &'static str,
    /// The target for its latency.
    pub target: ReadTarget,
    paths: Paths,
}

#[derive(Debug, Clone)]
enum Paths {
    /// Requests for any pile; its id follows this path.
    AnyPile(&'static str),
    /// Any of these paths.
    AnyOf(Arc<Vec<String>>),
}

/// All kinds; `stations` is the list of all stations.
pub fn kinds(stations: &List) -> anyhow::Result<Vec<Kind>> {
    let different = || (0..EXAMPLES).map(|number| number * 100 / EXAMPLES);
    let spread = || {
        let step = (stations.items.len() / EXAMPLES).max(1);
        stations.items.iter().step_by(step).take(EXAMPLES)
    };
    let near = spread().map(|station| {
        let coordinates = station.latitude.zip(station.longitude).context("a station has no coordinates")?;
        Ok(format!("/api/v1/stations?near={},{}&limit={LIMIT}", coordinates.0, coordinates.1))
    });
    let piles = spread().map(|station| format!("/api/v1/stations/{}/piles?limit={LIMIT}", station.id));
    let target = ReadTarget { rate: 2_000, p99_ms: 20.0 };
    let any_of = |name, paths: Vec<String>| Kind { name, target, paths: Paths::AnyOf(Arc::new(paths)) };
    let price = ReadTarget { rate: 1_000, p99_ms: 10.0 };
    let of_connector = "/api/v1/tariffs/price?connectorId=1&pileId=";
    Ok(vec![
        Kind { name: PILE, target, paths: Paths::AnyPile("/api/v1/piles/") },
        Kind { name: "the price at a connector", target: price, paths: Paths::AnyPile(of_connector) },
        any_of("a page of 50 stations", different().map(|percent| stations.page_at(percent)).collect()),
        any_of("50 stations nearby", near.collect::<anyhow::Result<_>>()?),
        any_of("piles of a station", piles.collect()),
    ])
}

impl Kind {
    /// The path of the request with this number.
    pub fn path(&self, number: u64) -> anyhow::Result<String> {
        Ok(match &self.paths {
            Paths::AnyPile(prefix) => {
                format!("{prefix}{}", fixture::pile(scatter(number) % fixture::PILES)?)
            }
            Paths::AnyOf(paths) => {
                let index = scatter(number) % u64::try_from(paths.len())?.max(1);
                paths.get(usize::try_from(index)?).context("there is no request of this kind")?.clone()
            }
        })
    }

    /// Requests whose statements are recorded, each with the first lines of its script and the
    /// replacements in it.
    pub fn examples(&self) -> anyhow::Result<Vec<Example>> {
        Ok(match &self.paths {
            Paths::AnyPile(prefix) => {
                // A pile whose device has reported, as nearly all have, with two connectors.
                let number = 12_345;
                let path = format!("{prefix}{}", fixture::pile(number)?);
                vec![Example {
                    path,
                    first_lines: fixture::choose_pile(),
                    replacements: fixture::pile_replacements(number)?,
                }]
            }
            Paths::AnyOf(paths) => {
                let example = |path: &String| Example {
                    path: path.clone(),
                    first_lines: String::new(),
                    replacements: Vec::new(),
                };
                paths.iter().map(example).collect()
            }
        })
    }

    /// Sends the request with this number.
    pub async fn call(&self, client: &HttpClient, number: u64) -> Outcome<()> {
        let path = self.path(number).map_err(|error| format!("{error:#}"))?;
        let response = client.get(&path).await;
        let body = response.as_ref().map_err(|error| format!("{error:#}"))?.body_of(200);
        let body = body.map_err(|error| format!("{error:#}"))?;
        let begins = ["{\"id\":", "{\"items\":[{", "{\"at\":"];
        if begins.iter().any(|beginning| body.starts_with(beginning.as_bytes())) {
            Ok(())
        } else {
            Err(format!("empty response of {path}"))
        }
    }
}

/// A request, and how its statements become a script.
#[derive(Debug)]
pub struct Example {
    /// The path.
    pub path: String,
    /// The first lines of the script.
    pub first_lines: String,
    /// The values to replace, with their replacements.
    pub replacements: Vec<(String, String)>,
}

/// Maps neighbouring numbers far from each other (splitmix64).
const fn scatter(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const TARGET: ReadTarget = ReadTarget { rate: 1, p99_ms: 1.0 };

    #[test]
    fn requests_are_spread_over_all_piles() {
        let kind = Kind { name: PILE, target: TARGET, paths: Paths::AnyPile("/api/v1/piles/") };
        let paths: HashSet<_> = (0..10_000).map(|number| kind.path(number).unwrap()).collect();
        // Of 10,000 numbers drawn from 100,000 about 9,516 are different.
        assert!((9_300..9_700).contains(&paths.len()), "{}", paths.len());
        let some = (0..EXAMPLES).map(|number| format!("/{number}")).collect();
        let kind = Kind { name: PILE, target: TARGET, paths: Paths::AnyOf(Arc::new(some)) };
        let paths: HashSet<_> = (0..1_000).map(|number| kind.path(number).unwrap()).collect();
        assert_eq!(paths.len(), EXAMPLES);
    }
}
