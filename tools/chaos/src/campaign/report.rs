//! The report of a campaign.

use super::Verdict;
use crate::narrator::{Narrator, seconds};

/// Prints the result of a phase.
pub(super) fn verdict(narrator: &Narrator, verdict: &Verdict) {
    match &verdict.outcome {
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
    if verdict.is_good() {
        narrator
            .print("          ✓ every effect was written exactly once, every partition was read to its end");
    }
}

/// Prints all phases in a table.
pub(super) fn summary(narrator: &Narrator, verdicts: &[Verdict]) {
    narrator.heading("Report");
    for verdict in verdicts {
        let mark = if verdict.is_good() { '✓' } else { '✗' };
        narrator.print(&format!("  {mark} {}", verdict.phase.title()));
        verdict.notes.iter().for_each(|note| narrator.print(&format!("      {note}")));
        let findings = match &verdict.outcome {
            Ok(outcome) => outcome.findings.clone(),
            Err(error) => vec![format!("no verdict: {error:#}")],
        };
        findings.iter().for_each(|finding| narrator.print(&format!("      ✗ {finding}")));
    }
}
