//! The chapter on limits of sessions.

use super::table;
use crate::report::{LimitedSessions, Limits, Percentiles, grouped, grouped_count};
use std::fmt::Write as _;

/// Renders the chapter.
pub(super) fn render(limits: &Limits) -> String {
    let mut rows = rows("maxEnergyWh", &limits.energy);
    rows.extend(self::rows("maxDurationS", &limits.duration));
    let columns = ["limit", "sessions", "stops per session", "", "P50", "P95", "max"];
    let mut text = table("Overshoot of limits of sessions", &columns, &rows);
    let _ = writeln!(
        text,
        "\nDevices of {} kW, with a reading every {} s, while {} other devices send {} events/s ({} were sent). A limit of \
         energy is reached at the time of the first reading that shows it.",
        limits.power_kw,
        limits.reading_s,
        grouped(limits.other_devices.into()),
        grouped(limits.other_rate.into()),
        grouped(limits.sent_per_s)
    );
    if !limits.failures.is_empty() {
        text += "\nSessions that were not stopped once at their limit:\n\n";
        for failure in &limits.failures {
            let _ = writeln!(text, "- {failure}");
        }
    }
    text
}

fn rows(limit: &str, limited: &LimitedSessions) -> Vec<Vec<String>> {
    let stops = if limited.fewest_stops == limited.most_stops {
        limited.most_stops.to_string()
    } else {
        format!("**{} to {}**", limited.fewest_stops, limited.most_stops)
    };
    let row = |what: &str, values: &Percentiles, decimals: usize| {
        let mut row = vec![limit.to_owned(), grouped_count(limited.sessions), stops.clone(), what.to_owned()];
        row.extend([values.p50, values.p95, values.max].map(|value| format!("{value:.decimals$}")));
        row
    };
    let mut rows = Vec::new();
    rows.extend(limited.overshoot_wh.map(|wh| row("overshoot, Wh", &wh, 0)));
    rows.extend(limited.overshoot_power_s.map(|s| row("overshoot, seconds of its power", &s, 1)));
    rows.push(row("from reached until ended, s", &limited.until_ended_s, 1));
    rows
}
