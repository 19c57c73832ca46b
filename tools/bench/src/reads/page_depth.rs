//! The cost of a page deep in a list, compared with the first page.

use super::list::List;
use crate::http_client::HttpClient;
use crate::numbers::round;
use crate::report::{Latency, PageCost};
use std::time::Instant;

/// Where pages are requested, in percent of the list.
const DEPTHS: [u32; 4] = [0, 10, 50, 99];

/// Requests pages at all depths in rounds, so that disturbances affect all of them.
pub async fn measure(
    client: &HttpClient,
    name: &'static str,
    list: &List,
    rounds: usize,
) -> anyhow::Result<PageCost> {
    let mut pages: Vec<(u32, String, Vec<u32>)> = DEPTHS
        .into_iter()
        .map(|percent| (percent, list.page_at(usize::try_from(percent).unwrap_or_default()), Vec::new()))
        .collect();
    // The first round does not count.
    for round in 0..=rounds {
        for (_, path, took) in &mut pages {
            let begun = Instant::now();
            client.get(path).await?.body_of(200)?;
            let micros = u32::try_from(begun.elapsed().as_micros())?;
            if round > 0 {
                took.push(micros);
            }
        }
    }
    let medians = pages.into_iter().map(|(percent, _, took)| (percent, round(Latency::of(took).p50_ms, 2)));
    Ok(PageCost::new(name, list.items.len(), rounds, medians.collect()))
}
