//! The kinds of requests that are measured, and the sequence of each.

use super::fixture;
use super::list::{LIMIT, List};
use crate::http_client::HttpClient;
use crate::report::{NEARBY, PAGE, PILE, PRICE, ReadTarget};
use crate::run_segment::Outcome;
use anyhow::Context as _;
use std::fmt;
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
    /// Its requests.
    pub requests: Arc<dyn Requests>,
}

/// The sequence of the requests of a kind.
pub trait Requests: fmt::Debug + Send + Sync {
    /// The path of the request with this number.
    fn path(&self, number: u64) -> anyhow::Result<String>;

    /// Requests whose statements are recorded, each with the first lines of its script and the
    /// replacements in it.
    fn examples(&self) -> anyhow::Result<Vec<Example>>;
}

/// Requests for any pile; its id follows the path.
#[derive(Debug)]
struct AnyPile {
    path: &'static str,
    /// The number of all piles.
    piles: u64,
}

/// Any of these paths.
#[derive(Debug)]
struct AnyOf(Vec<String>);

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
    let any_pile = |path| {
        Arc::new(AnyPile {
            path,
            piles: fixture::piles(u64::try_from(stations.items.len()).unwrap_or_default()),
        })
    };
    let target = ReadTarget { rate: 2_000, p99_ms: 20.0 };
    let any_of = |name, paths: Vec<String>| Kind { name, target, requests: Arc::new(AnyOf(paths)) };
    let price = ReadTarget { rate: 1_000, p99_ms: 10.0 };
    let of_connector = "/api/v1/tariffs/price?connectorId=1&pileId=";
    Ok(vec![
        Kind { name: PILE, target, requests: any_pile("/api/v1/piles/") },
        Kind { name: PRICE, target: price, requests: any_pile(of_connector) },
        any_of(PAGE, different().map(|percent| stations.page_at(percent)).collect()),
        any_of(NEARBY, near.collect::<anyhow::Result<_>>()?),
        any_of("piles of a station", piles.collect()),
    ])
}

impl Requests for AnyPile {
    fn path(&self, number: u64) -> anyhow::Result<String> {
        Ok(format!("{}{}", self.path, fixture::pile(scatter(number) % self.piles.max(1))?))
    }

    fn examples(&self) -> anyhow::Result<Vec<Example>> {
        // A pile whose device has reported, as nearly all have, with two connectors.
        let number = 12_345;
        Ok(vec![Example {
            path: format!("{}{}", self.path, fixture::pile(number)?),
            first_lines: fixture::choose_pile(self.piles),
            replacements: fixture::pile_replacements(number)?,
        }])
    }
}

impl Requests for AnyOf {
    fn path(&self, number: u64) -> anyhow::Result<String> {
        let index = scatter(number) % u64::try_from(self.0.len())?.max(1);
        Ok(self.0.get(usize::try_from(index)?).context("the list of requests is empty")?.clone())
    }

    fn examples(&self) -> anyhow::Result<Vec<Example>> {
        let example = |path: &String| Example {
            path: path.clone(),
            first_lines: String::new(),
            replacements: Vec::new(),
        };
        Ok(self.0.iter().map(example).collect())
    }
}

impl Kind {
    /// Sends the request with this number.
    pub async fn call(&self, client: &HttpClient, number: u64) -> Outcome<()> {
        let path = self.requests.path(number).map_err(|error| format!("{error:#}"))?;
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
pub const fn scatter(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn requests_are_spread_over_all_piles() {
        let piles = AnyPile { path: "/api/v1/piles/", piles: 100_000 };
        let paths: HashSet<_> = (0..10_000).map(|number| piles.path(number).unwrap()).collect();
        // Of 10,000 numbers drawn from 100,000 about 9,516 are different.
        assert!((9_300..9_700).contains(&paths.len()), "{}", paths.len());
        let some = AnyOf((0..EXAMPLES).map(|number| format!("/{number}")).collect());
        let paths: HashSet<_> = (0..1_000).map(|number| some.path(number).unwrap()).collect();
        assert_eq!(paths.len(), EXAMPLES);
    }
}
