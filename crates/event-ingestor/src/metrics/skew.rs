//! The clock skew of each gateway.

use chrono::TimeDelta;
use domain::ids::GatewayId;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};
use runtime::lock::MutexExt as _;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The most gateways that a replica reports; further ones are omitted.
const MAX_GATEWAYS: usize = 256;
/// How long events are collected before the next window begins.
const WINDOW: Duration = Duration::from_secs(60);

/// The skew of each gateway that was heard within the last two windows.
#[derive(Debug, Clone, Default)]
pub(super) struct ClockSkews(Arc<Mutex<HashMap<GatewayId, Skew>>>);

/// The skews of one gateway's events: the smallest of each window. A device with a wrong clock or a
/// delayed event says nothing about the gateway's clock.
#[derive(Debug, Clone, Copy)]
struct Skew {
    since: Instant,
    current: TimeDelta,
    previous: Option<TimeDelta>,
}

impl Skew {
    const fn new(since: Instant, skew: TimeDelta) -> Self {
        Self { since, current: skew, previous: None }
    }

    fn add(&mut self, now: Instant, skew: TimeDelta) {
        if now.duration_since(self.since) >= WINDOW {
            *self = Self { since: now, current: skew, previous: Some(self.current) };
        } else {
            self.current = closest(self.current, skew);
        }
    }

    fn value(&self) -> TimeDelta {
        self.previous.map_or(self.current, |previous| closest(previous, self.current))
    }

    fn is_old(&self, now: Instant) -> bool {
        now.duration_since(self.since) >= 2 * WINDOW
    }
}

fn closest(one: TimeDelta, other: TimeDelta) -> TimeDelta {
    if other.abs() < one.abs() { other } else { one }
}

impl ClockSkews {
    /// Records the skew of a committed event of `gateway`.
    pub(super) fn add(&self, gateway: &GatewayId, skew: TimeDelta) {
        let now = Instant::now();
        let mut skews = self.0.locked();
        if let Some(held) = skews.get_mut(gateway) {
            held.add(now, skew);
            return;
        }
        if skews.len() >= MAX_GATEWAYS {
            skews.retain(|_, held| !held.is_old(now));
        }
        if skews.len() < MAX_GATEWAYS {
            skews.insert(gateway.clone(), Skew::new(now, skew));
        }
    }

    fn report(&self, observer: &dyn AsyncInstrument<f64>, replica: &str) {
        let now = Instant::now();
        let mut skews = self.0.locked();
        skews.retain(|_, held| !held.is_old(now));
        for (gateway, held) in &*skews {
            let gateway = KeyValue::new("gateway", gateway.to_string());
            observer.observe(
                held.value().as_seconds_f64(),
                &[gateway, KeyValue::new("replica", replica.to_owned())],
            );
        }
    }
}

/// The gauge, which reports at every scrape.
pub(super) fn observed(meter: &Meter, replica: Uuid) -> ClockSkews {
    let skews = ClockSkews::default();
    let (reported, replica) = (skews.clone(), replica.to_string());
    meter
        .f64_observable_gauge("ingest.gateway.clock_skew")
        .with_unit("s")
        .with_description(
            "Least clock skew of a gateway's events in the last two minutes; negative when the clock \
             is behind",
        )
        .with_callback(move |observer| reported.report(observer, &replica))
        .build();
    skews
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_skew_of_a_gateway_is_the_smallest_in_two_windows() {
        let (begin, s) = (Instant::now(), TimeDelta::seconds);
        let mut skew = Skew::new(begin, s(-900));
        skew.add(begin + WINDOW / 2, s(2_400));
        assert_eq!(skew.value(), s(-900));
        skew.add(begin + WINDOW / 2, s(-1));
        assert_eq!(skew.value(), s(-1));
        skew.add(begin + WINDOW, s(2_400));
        assert_eq!(skew.value(), s(-1));
        skew.add(begin + 2 * WINDOW, s(2_401));
        assert_eq!(skew.value(), s(2_400), "the event with the small skew is older than two windows");
        assert!(!skew.is_old(begin + 3 * WINDOW) && skew.is_old(begin + 4 * WINDOW));
    }
}
