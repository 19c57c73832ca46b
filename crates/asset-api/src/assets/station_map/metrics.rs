//! The metrics of the map.

use super::{Map, State, StationMap};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};
use runtime::lock::RwLockExt as _;
use std::sync::Arc;

/// What happens to the map.
#[derive(Debug)]
pub struct Metrics {
    lists: Counter<u64>,
    rebuilds: Counter<u64>,
    drift: Counter<u64>,
}

impl Metrics {
    pub fn new(meter: &Meter) -> Self {
        let metrics = Self {
            lists: meter
                .u64_counter("station.map.lists")
                .with_description("Lists of stations and counts of the fleet that the map may answer, by where they were read")
                .build(),
            rebuilds: meter
                .u64_counter("station.map.rebuilds")
                .with_description("Complete loads of the map, the first one included")
                .build(),
            drift: meter
                .u64_counter("station.map.drift")
                .with_description(
                    "Stations and piles that differed from the database, without a change in the feed",
                )
                .build(),
        };
        metrics.rebuilds.add(0, &[]);
        metrics.drift.add(0, &[]);
        metrics.lists.add(0, &[source("map")]);
        metrics.lists.add(0, &[source("database")]);
        metrics
    }

    pub fn listed(&self, from_map: bool) {
        self.lists.add(1, &[source(if from_map { "map" } else { "database" })]);
    }

    pub fn rebuilt(&self) {
        self.rebuilds.add(1, &[]);
    }

    pub fn drifted(&self, count: usize) {
        self.drift.add(u64::try_from(count).unwrap_or(u64::MAX), &[]);
    }
}

fn source(name: &'static str) -> KeyValue {
    KeyValue::new("source", name)
}

/// Reports the size and the age of `map` at every scrape; not after it was dropped.
pub fn observe(meter: &Meter, map: &Arc<StationMap>) {
    let observed = Arc::downgrade(map);
    meter
        .f64_observable_gauge("station.map.age")
        .with_unit("s")
        .with_description(
            "Time since the last complete read of the feed began; absent while the map is not used",
        )
        .with_callback(move |observer| {
            let state = observed.upgrade().map(|map| *map.state.borrow());
            if let Some(State::ReadAt { began, .. }) = state {
                observer.observe(began.elapsed().as_secs_f64(), &[]);
            }
        })
        .build();
    let size = |name: &'static str, about: &'static str, count: fn(&Map) -> usize| {
        let observed = Arc::downgrade(map);
        meter
            .u64_observable_gauge(name)
            .with_description(about)
            .with_callback(move |observer| {
                if let Some(map) = observed.upgrade() {
                    observer.observe(u64::try_from(count(&map.map.reading())).unwrap_or(u64::MAX), &[]);
                }
            })
            .build();
    };
    size("station.map.stations", "Stations in the map", Map::stations);
    size("station.map.piles", "Piles in the map", Map::piles);
}
