//! What a page costs deep in a list, beside the first.

use super::list::List;
use crate::caller::Caller;
use crate::numbers::round;
use crate::report::{Latency, PageCost};
use std::time::Instant;

/// Where pages are asked for, in percent of the list.
const DEPTHS: [u32; 4] = [0, 10, 50, 99];

/// Asks for pages at all depths, round by round, so that what else happens hits all of them.
pub async fn measure(
    caller: &Caller,
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
            caller.get(path).await?.body_of(200)?;
            let micros = u32::try_from(begun.elapsed().as_micros())?;
            if round > 0 {
                took.push(micros);
            }
        }
    }
    let medians = pages.into_iter().map(|(percent, _, took)| (percent, round(Latency::of(took).p50_ms, 2)));
    Ok(PageCost::new(name, list.items.len(), rounds, medians.collect()))
}
