//! How lists of sessions are measured.

use super::{ReadPlan, seconds};
use anyhow::Context as _;
use std::ops::RangeInclusive;

/// Sessions that can be requested: enough that each month of a station has some, and few enough
/// that the database needs at most twice the disk of the default.
const SESSIONS: RangeInclusive<u64> = 100_000..=20_000_000;

/// How lists of sessions are measured.
#[derive(Debug, Clone)]
pub struct SessionPlan {
    /// Sessions in the database.
    pub sessions: u64,
    /// How each list is measured.
    pub reads: ReadPlan,
}

impl SessionPlan {
    pub(super) const fn full() -> Self {
        // At the rate of lists, P99 rests on 60 requests of 6,000.
        Self { sessions: 10_000_000, reads: ReadPlan { paced: seconds(30), ..ReadPlan::full() } }
    }

    pub(super) const fn quick() -> Self {
        Self { sessions: 200_000, reads: ReadPlan::quick() }
    }

    /// The number of sessions in `sessions=N`.
    pub(super) fn parse_sessions(number: &str) -> anyhow::Result<u64> {
        let sessions = number.parse().with_context(|| format!("`sessions={number}` has no valid number"))?;
        anyhow::ensure!(
            SESSIONS.contains(&sessions),
            "the number in `sessions={number}` must be between {} and {}",
            SESSIONS.start(),
            SESSIONS.end()
        );
        Ok(sessions)
    }
}
