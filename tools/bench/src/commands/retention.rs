//! Commands while old ones are deleted: a year of commands in the database, and the latency of new ones
//! without and with retention, in turns.

mod fixture;

use super::{CommandBench, print_latency, readable};
use crate::harness::Harness;
use crate::numbers::grouped_count;
use crate::report::{Retention, RetentionRound, RetentionSegment};
use launch::output::{passed, progress};

/// Keeps everything.
const KEEP_DAYS: u32 = 36_500;
/// Deletes half of the year.
const HALF_YEAR_DAYS: u32 = 182;

/// Fills the database and measures all rounds.
pub async fn measure(harness: &mut Harness) -> anyhow::Result<Retention> {
    let plan = harness.plan.retention.clone();
    progress(&format!("{} commands of a year …", grouped_count(plan.commands)));
    let data = fixture::fill(&mut harness.queries, plan.commands).await?;
    passed(&format!("{} MB and {} MB of indexes after {} s", data.rows_mb, data.indexes_mb, data.filled_s));
    let mut bench = CommandBench::set_up(harness).await?;
    let mut rounds = Vec::new();
    for round in 0..plan.rounds {
        // The order changes, so that what grows during the run counts for both.
        let (without, with) = if round % 2 == 0 {
            let without = bench.segment(KEEP_DAYS).await?;
            (without, bench.segment(HALF_YEAR_DAYS).await?)
        } else {
            let with = bench.segment(HALF_YEAR_DAYS).await?;
            (bench.segment(KEEP_DAYS).await?, with)
        };
        rounds.push(RetentionRound { without, with });
    }
    Ok(Retention { data, rate: plan.rate, rounds })
}

impl CommandBench<'_> {
    /// Measures commands on a dispatcher of its own that keeps old ones for `days`.
    async fn segment(&mut self, days: u32) -> anyhow::Result<RetentionSegment> {
        let plan = self.harness.plan.retention.clone();
        let settings = ["RETENTION__COMMANDS_DAYS", "RETENTION__BATCHES_DAYS", "STOPS__LIMIT_RETENTION_DAYS"];
        let settings = settings.map(|name| (format!("CHARGING__{name}"), days.to_string()));
        let settings: Vec<_> = settings.iter().map(|(name, days)| (name.as_str(), days.clone())).collect();
        let before = fixture::left(&mut self.harness.queries).await?;
        let dispatcher = self.start_dispatcher(&settings).await?;
        let (segment, read) = self.platform(plan.rate, plan.warm_up, plan.measured).await?;
        let (phase, readable) = (segment.phase(), readable(&segment, &read)?);
        self.stop_dispatcher(dispatcher).await?;
        let deleted = before.saturating_sub(fixture::left(&mut self.harness.queries).await?);
        let what = if days == KEEP_DAYS { "without retention" } else { "with retention" };
        print_latency(what, &phase.latency, phase.why_not());
        passed(&format!("{} commands were deleted meanwhile", grouped_count(deleted)));
        Ok(RetentionSegment { phase, readable, deleted })
    }
}
