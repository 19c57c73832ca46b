//! Whether each session with a limit was stopped once. The overshoot has no target.

use super::Verdict;
use crate::report::{LimitedSessions, Limits, grouped_count};

/// Compares the results for limits of sessions.
pub(super) fn judge(limits: &Limits) -> Vec<Verdict> {
    vec![stopped_once("maxEnergyWh", &limits.energy), stopped_once("maxDurationS", &limits.duration)]
}

fn stopped_once(limit: &str, limited: &LimitedSessions) -> Verdict {
    let sessions = grouped_count(limited.sessions);
    Verdict::new(
        format!("sessions that one stop ended at their {limit}"),
        format!("= {sessions} of {sessions}"),
        format!("{} of {sessions}", grouped_count(limited.stopped_once)),
        limited.stopped_once == limited.sessions,
    )
}
