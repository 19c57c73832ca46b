//! The report of a campaign.

use super::PhaseResult;
use crate::narrator::{Narrator, seconds};

/// Prints the result of a phase.
pub(super) fn phase(narrator: &Narrator, result: &PhaseResult) {
    match &result.outcome {
        Ok(outcome) => {
            let sent = &outcome.sent;
            narrator.print(&format!(
                "            sent {} events, {} of them duplicates, and {} markers; {} batches written; the sender was at most {} late",
                sent.events,
                sent.duplicates,
                sent.markers.len(),
                outcome.batches,
                seconds(sent.worst_lag),
            ));
            outcome.findings.iter().for_each(|finding| narrator.print(&format!("          ✗ {finding}")));
        }
        Err(error) => narrator.print(&format!("          ✗ no verdict: {error:#}")),
    }
    if result.has_passed() {
        narrator
            .print("          ✓ every effect was written exactly once, every partition was read to its end");
    }
}

/// Prints all phases in a table.
pub(super) fn summary(narrator: &Narrator, results: &[PhaseResult]) {
    narrator.heading("Report");
    for result in results {
        let mark = if result.has_passed() { '✓' } else { '✗' };
        narrator.print(&format!("  {mark} {}", result.phase.title()));
        result.notes.iter().for_each(|note| narrator.print(&format!("      {note}")));
        let findings = match &result.outcome {
            Ok(outcome) => outcome.findings.clone(),
            Err(error) => vec![format!("no verdict: {error:#}")],
        };
        findings.iter().for_each(|finding| narrator.print(&format!("      ✗ {finding}")));
    }
}
