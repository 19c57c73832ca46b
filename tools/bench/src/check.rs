//! The check that speed is kept: ratios in short measurements, each against its threshold.
//!
//! A ratio that misses is measured again, because one stall of a shared machine must not fail it; a
//! real loss misses in all attempts.

mod events;

use crate::commands::CommandBench;
use crate::harness::Harness;
use crate::meters::Broker;
use crate::numbers::share;
use crate::plan::Plan;
use crate::platform::Names;
use crate::ratios::{Ratio, thresholds};
use crate::reads::ReadBench;
use crate::report::{Check, ratio_of_read};
use launch::output::{heading, passed, progress};
use std::path::Path;

/// The greatest number of times that a ratio is measured.
const ATTEMPTS: usize = 3;

/// Measures all ratios that have a threshold.
pub async fn measure(plan: &Plan, names: &Names, folder: &Path, broker: &Broker) -> anyhow::Result<Check> {
    let mut check = Check::new(&thresholds()?);
    heading("Setting up");
    let mut harness = Harness::set_up(plan, names, folder, broker).await?;
    heading("Commands");
    Box::pin(commands(&mut check, &mut harness)).await?;
    heading("Events");
    let load = harness.fleet(&format!("B{}-", plan.charge_points), plan.charge_points).await?;
    attempts(&mut check, async || events::measure(&mut harness, &load).await).await?;
    drop((load, harness));
    heading("Reads");
    Box::pin(reads(&mut check, plan, names, folder)).await?;
    Ok(check)
}

/// Commands at each rate, and as fast as possible.
async fn commands(check: &mut Check, harness: &mut Harness) -> anyhow::Result<()> {
    let mut bench = CommandBench::set_up(harness).await?;
    let dispatcher = bench.start_dispatcher(&[]).await?;
    for rate in bench.rates() {
        attempts(check, async || Ok(bench.compare(rate).await?.ratios())).await?;
    }
    attempts(check, async || {
        let (floor, ours) = bench.saturate().await?;
        Ok(vec![(Ratio::CommandsOfFloor, share(ours.per_s, floor.per_s))])
    })
    .await?;
    bench.stop_dispatcher(dispatcher).await
}

/// The throughput of each kind of reads that has a ratio.
async fn reads(check: &mut Check, plan: &Plan, names: &Names, folder: &Path) -> anyhow::Result<()> {
    let is_wanted = |kind: &str| ratio_of_read(kind).is_some();
    let (bench, kinds) = ReadBench::set_up(plan, names, folder, is_wanted).await?;
    for kind in &kinds {
        let Some(ratio) = ratio_of_read(kind.name()) else { continue };
        attempts(check, async || {
            let (floor, ours) = bench.saturate(kind).await?;
            Ok(vec![(ratio, share(ours.per_s, floor.per_s))])
        })
        .await?;
    }
    bench.stop().await
}

/// Measures until every ratio has passed in one of the attempts, or the attempts are used up.
async fn attempts(
    check: &mut Check,
    mut measure: impl AsyncFnMut() -> anyhow::Result<Vec<(Ratio, f64)>>,
) -> anyhow::Result<()> {
    for attempt in 1..=ATTEMPTS {
        let measured = measure().await?;
        let missed = check.record(&measured);
        for (ratio, value) in &measured {
            let text = format!("{}: {value:.2} ×", ratio.title());
            if missed.contains(ratio) {
                progress(&format!("{text}, missed"));
            } else {
                passed(&text);
            }
        }
        if missed.is_empty() {
            return Ok(());
        }
        if attempt < ATTEMPTS {
            progress(&format!("attempt {} of {ATTEMPTS} …", attempt + 1));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratios::Threshold;

    const RATIOS: [Ratio; 2] = [Ratio::CommandP50, Ratio::PilesOfFloor];

    /// Measures these values of both ratios in turn; returns the check, and how often it measured.
    async fn run(values: &[(f64, f64)]) -> (Check, usize) {
        let threshold = |ratio| Threshold { ratio, reached: 1.0, worst: 1.0 };
        let mut check = Check::new(&RATIOS.map(threshold));
        let mut measured = 0;
        attempts(&mut check, async || {
            let (p50, piles) = values[measured];
            measured += 1;
            Ok(vec![(RATIOS[0], p50), (RATIOS[1], piles)])
        })
        .await
        .unwrap();
        (check, measured)
    }

    #[tokio::test]
    async fn what_passes_is_measured_once() {
        let (check, measured) = run(&[(0.9, 1.1), (9.0, 0.1)]).await;
        assert_eq!(measured, 1);
        check.result().unwrap();
    }

    #[tokio::test]
    async fn a_stall_is_measured_again_and_each_ratio_may_pass_in_another_attempt() {
        let (check, measured) = run(&[(0.9, 0.5), (1.5, 0.4), (1.5, 1.0)]).await;
        assert_eq!(measured, 3);
        check.result().unwrap();
    }

    #[tokio::test]
    async fn a_loss_misses_in_all_attempts_and_fails() {
        let (check, measured) = run(&[(0.9, 0.9); ATTEMPTS]).await;
        assert_eq!(measured, ATTEMPTS);
        let failure = check.result().unwrap_err().to_string();
        assert!(failure.starts_with("1 of 2 ratios missed their thresholds: GET a pile"), "{failure}");
    }

    #[tokio::test]
    async fn a_measurement_that_fails_ends_the_check() {
        let mut check = Check::new(&thresholds().unwrap());
        let failed = attempts(&mut check, async || Err(anyhow::anyhow!("the ingestor exited"))).await;
        assert!(failed.is_err());
    }
}
