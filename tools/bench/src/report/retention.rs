//! The results for commands while old ones are deleted.

use super::{CallPhase, Latency};
use serde::Serialize;

/// The results for commands while old ones are deleted.
#[derive(Debug, Clone, Serialize)]
pub struct Retention {
    /// What the database contains at the beginning.
    pub data: RetentionData,
    /// New commands per second.
    pub rate: u32,
    /// The measurements.
    pub rounds: Vec<RetentionRound>,
}

/// A database with old commands.
#[derive(Debug, Clone, Serialize)]
pub struct RetentionData {
    /// Commands.
    pub commands: u64,
    /// Seconds in which they were inserted and indexed.
    pub filled_s: f64,
    /// The size of the table without its indexes, in MB.
    pub rows_mb: f64,
    /// The size of its indexes, in MB.
    pub indexes_mb: f64,
}

/// A measurement without retention, and one with it.
#[derive(Debug, Clone, Serialize)]
pub struct RetentionRound {
    /// All old commands are kept.
    pub without: RetentionSegment,
    /// Half of them are due.
    pub with: RetentionSegment,
}

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub struct RetentionSegment {
    /// POST → 202.
    pub phase: CallPhase,
    /// POST → record read.
    pub readable: Latency,
    /// Old commands that were deleted from the start of the dispatcher to its end.
    pub deleted: u64,
}

impl Retention {
    /// The median of P99 of POST → 202 in ms, without and with retention.
    pub fn median_p99_ms(&self) -> (f64, f64) {
        let median = |of: fn(&RetentionRound) -> &RetentionSegment| {
            let mut p99: Vec<f64> = self.rounds.iter().map(|round| of(round).phase.latency.p99_ms).collect();
            p99.sort_unstable_by(f64::total_cmp);
            p99.get(p99.len() / 2).copied().unwrap_or_default()
        };
        (median(|round| &round.without), median(|round| &round.with))
    }
}
