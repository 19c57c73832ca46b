//! How many connections the pools of the process have, and how long callers wait for one.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool::Status;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use opentelemetry::metrics::{AsyncInstrument, Histogram, Meter, ObservableGauge};
use opentelemetry::{KeyValue, global};

/// In seconds. A free connection takes microseconds, a new one milliseconds.
const BUCKETS: [f64; 10] = [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0];

type Pool = deadpool::managed::WeakPool<AsyncDieselConnectionManager<AsyncPgConnection>>;

/// What a pool is used for; the label `pool`. Pools of one use are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    General,
    Batches,
    Retention,
}

impl Use {
    const ALL: [Self; 3] = [Self::General, Self::Batches, Self::Retention];

    const fn word(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Batches => "batches",
            Self::Retention => "retention",
        }
    }
}

/// The pools that exist. Not among the instruments, whose creation a running scrape would wait for.
static POOLS: Mutex<Vec<(Use, Pool)>> = Mutex::new(Vec::new());

struct Instruments {
    wait: Histogram<f64>,
    /// Kept, because they report as long as they exist.
    _gauges: [ObservableGauge<u64>; 3],
}

/// Created with the first pool, which a service opens after its metrics are set up.
static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(|| {
    let meter = global::meter("database");
    let wait = meter
        .f64_histogram("database.pool.wait.duration")
        .with_unit("s")
        .with_description("Time until a caller has a connection, which may have to be opened")
        .with_boundaries(BUCKETS.to_vec())
        .build();
    Instruments { wait, _gauges: gauges(&meter) }
});

/// Counts a pool until it is dropped.
pub(super) fn observe(purpose: Use, pool: Pool) {
    LazyLock::force(&INSTRUMENTS);
    let mut pools = pools();
    pools.retain(|(_, pool)| pool.upgrade().is_some());
    pools.push((purpose, pool));
}

/// Records how long a caller waited for a connection, and whether it has one.
pub(super) fn record_wait(purpose: Use, waited: Duration, succeeded: bool) {
    let outcome = if succeeded { "ok" } else { "failed" };
    let labels = [KeyValue::new("pool", purpose.word()), KeyValue::new("outcome", outcome)];
    INSTRUMENTS.wait.record(waited.as_secs_f64(), &labels);
}

fn pools() -> MutexGuard<'static, Vec<(Use, Pool)>> {
    POOLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The states of the pools of this use.
fn statuses(purpose: Use) -> Vec<Status> {
    let pools = pools();
    let alike = pools.iter().filter(|(other, _)| *other == purpose);
    alike.filter_map(|(_, pool)| Some(pool.upgrade()?.status())).collect()
}

fn gauges(meter: &Meter) -> [ObservableGauge<u64>; 3] {
    [
        meter
            .u64_observable_gauge("database.pool.connections")
            .with_description("Connections of the pools, by their state")
            .with_callback(|gauge| {
                report(gauge, Some("used"), |status| status.size.saturating_sub(status.available));
                report(gauge, Some("idle"), |status| status.available);
            })
            .build(),
        meter
            .u64_observable_gauge("database.pool.max_connections")
            .with_description("Connections that the pools may have")
            .with_callback(|gauge| report(gauge, None, |status| status.max_size))
            .build(),
        meter
            .u64_observable_gauge("database.pool.waiting")
            .with_description("Callers that wait for a connection")
            .with_callback(|gauge| report(gauge, None, |status| status.waiting))
            .build(),
    ]
}

/// Reports the sum of `count` over the pools of each use; nothing for a use without pools.
fn report(gauge: &dyn AsyncInstrument<u64>, state: Option<&'static str>, count: fn(&Status) -> usize) {
    for purpose in Use::ALL {
        let statuses = statuses(purpose);
        if statuses.is_empty() {
            continue;
        }
        let state = state.map(|state| KeyValue::new("state", state));
        let labels: Vec<_> = [KeyValue::new("pool", purpose.word())].into_iter().chain(state).collect();
        let sum = statuses.iter().map(count).sum::<usize>();
        gauge.observe(u64::try_from(sum).unwrap_or(u64::MAX), &labels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Database, DatabaseSettings};

    #[tokio::test]
    async fn counts_the_pools_of_a_use_until_they_are_dropped() {
        let url = "postgres://a@127.0.0.1:1/a".to_owned();
        let settings = DatabaseSettings::without_tls(url.into());
        // No other test of this crate opens pools of this use.
        let limits = || statuses(Use::Retention).iter().map(|status| status.max_size).collect::<Vec<_>>();
        let four = Database::for_retention(&settings).unwrap();
        let two = Database::for_retention(&DatabaseSettings { max_connections: 2, ..settings }).unwrap();
        assert_eq!(limits(), [4, 2]);
        drop(two.clone());
        assert_eq!(limits(), [4, 2]);
        drop(four);
        assert_eq!(limits(), [2]);
        drop(two);
        assert_eq!(limits(), [0; 0]);
    }
}
