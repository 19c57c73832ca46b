//! The report of a campaign.

use super::PhaseResult;
use crate::output::{Output, seconds};

/// Prints the result of a phase.
pub(super) fn phase(output: &Output, result: &PhaseResult) {
    match &result.outcome {
        Ok(outcome) => {
            let sent = &outcome.sent;
            output.print(&format!(
                "            sent {} events, {} of them duplicates, and {} markers; {} batches written; the sender was at most {} late",
                sent.events,
                sent.duplicates,
                sent.markers.len(),
                outcome.batches,
                seconds(sent.worst_lag),
            ));
            outcome.findings.iter().for_each(|finding| output.print(&format!("          ✗ {finding}")));
        }
        Err(error) => output.print(&format!("          ✗ no verdict: {error:#}")),
    }
    if result.has_passed() {
        output
            .print("          ✓ every effect was written exactly once, every partition was read to its end");
    }
}

/// Prints all phases in a table.
pub(super) fn summary(output: &Output, results: &[PhaseResult]) {
    output.heading("Report");
    for result in results {
        let mark = if result.has_passed() { '✓' } else { '✗' };
        output.print(&format!("  {mark} {}", result.phase.title()));
        result.notes.iter().for_each(|note| output.print(&format!("      {note}")));
        let findings = match &result.outcome {
            Ok(outcome) => outcome.findings.clone(),
            Err(error) => vec![format!("no verdict: {error:#}")],
        };
        findings.iter().for_each(|finding| output.print(&format!("      ✗ {finding}")));
    }
}
