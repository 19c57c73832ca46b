//! The highest throughput: clients that send the next request as soon as they have a response.

use crate::load::Threads;
use crate::numbers::{count, round, share};
use crate::report::{Latency, Saturation};
use crate::run_segment::Outcome;
use anyhow::Context as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Lets `clients` clients `call` for `warm_up`, which does not count, and then for `measured`.
/// `call` receives ascending numbers.
pub async fn saturate<W>(
    threads: &Threads,
    clients: usize,
    warm_up: Duration,
    measured: Duration,
    call: impl Fn(u64) -> W + Send + Sync + 'static,
) -> anyhow::Result<Saturation>
where
    W: Future<Output = Outcome<()>> + Send + 'static,
{
    let from = Instant::now() + warm_up;
    let to = from + measured;
    let (call, numbers) = (Arc::new(call), Arc::new(AtomicU64::new(0)));
    let calling = threads.spawn(async move {
        let mut working = JoinSet::new();
        for _ in 0..clients {
            let (call, numbers) = (Arc::clone(&call), Arc::clone(&numbers));
            working.spawn(Box::pin(async move {
                let mut took = Vec::new();
                loop {
                    let begun = Instant::now();
                    if begun >= to {
                        return anyhow::Ok(took);
                    }
                    call(numbers.fetch_add(1, Ordering::Relaxed)).await.map_err(anyhow::Error::msg)?;
                    let ended = Instant::now();
                    if (from..to).contains(&ended) {
                        let micros = ended.duration_since(begun).as_micros();
                        took.push(u32::try_from(micros).unwrap_or(u32::MAX));
                    }
                }
            }));
        }
        let mut all = Vec::new();
        while let Some(took) = working.join_next().await {
            all.extend(took.context("a client panicked")??);
        }
        Ok(all)
    })?;
    let took = calling.await.context("the load generator panicked")??;
    let per_s = round(share(count(took.len()), measured.as_secs_f64()), 1);
    Ok(Saturation { clients, per_s, latency: Latency::of(took) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_client_calls_sequentially_and_a_failure_is_reported() {
        let threads = Threads::start().unwrap();
        let ms = Duration::from_millis;
        let waiting = |_number| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(())
        };
        let reached = saturate(&threads, 4, ms(100), ms(1_000), waiting).await.unwrap();
        // Four clients of 20 ms each: at most two hundred per second.
        assert!(reached.per_s > 0.0 && reached.per_s <= 4.0 * 51.0, "{reached:?}");
        assert!(reached.latency.p50_ms >= 20.0, "{reached:?}");
        let failing = |number| async move { if number < 7 { Ok(()) } else { Err("503 X".to_owned()) } };
        assert!(saturate(&threads, 2, ms(0), ms(5_000), failing).await.is_err());
    }
}
