//! The numbers of piles, connectors and stations over all stations that a caller reaches.

use super::entry::Entry;
use super::map::Map;
use crate::freshness::{Confidence, FreshnessPolicy};
use domain::assets::OperatorBound;
use domain::status::PileStatus;
use std::collections::BTreeMap;
use storage::assets::availability::{Availability, Tally};

/// The piles and connectors of a station by status, in the least memory.
#[derive(Debug, Default)]
pub struct StationTotals {
    piles: Box<[(PileStatus, i64)]>,
    connectors: Box<[(PileStatus, i64)]>,
}

impl StationTotals {
    pub fn of(availability: &Availability) -> Self {
        let kept = |tally: &Tally| tally.iter().map(|(status, count)| (*status, *count)).collect();
        Self { piles: kept(&availability.piles), connectors: kept(&availability.connectors_of_all_types()) }
    }
}

/// The sums over all stations within a bound.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Piles by status.
    pub piles: Tally,
    /// Connectors, declared or reported, by status.
    pub connectors: Tally,
    /// Stations by the word of their status.
    pub stations: BTreeMap<&'static str, i64>,
    /// Piles by confidence.
    pub confidence: BTreeMap<Confidence, i64>,
}

impl Map {
    /// The totals of the stations within `bound`.
    pub fn totals(&self, bound: &OperatorBound, policy: FreshnessPolicy<'_>) -> Totals {
        let is_behind = policy.progress.is_any_behind();
        let mut totals = Totals::default();
        for entry in self.after(None).filter(|entry| bound.reaches(entry.operator.as_deref())) {
            totals.add(entry, policy, is_behind);
        }
        totals
    }
}

impl Totals {
    fn add(&mut self, entry: &Entry, policy: FreshnessPolicy<'_>, is_behind: bool) {
        let StationTotals { piles, connectors } = entry.totals();
        for (sums, counts) in [(&mut self.piles, piles), (&mut self.connectors, connectors)] {
            for (status, count) in counts {
                *sums.entry(*status).or_default() += count;
            }
        }
        *self.stations.entry(entry.status.as_str()).or_default() += 1;
        for (confidence, count) in entry.confidence(policy, is_behind).iter() {
            *self.confidence.entry(*confidence).or_default() += count;
        }
    }
}
