//! The verdict as text.

use super::{Finding, Observed, Outcome, RuleResult, Verdict};
use std::fmt;

const GROUPS: [(RuleResult, &str); 5] = [
    (RuleResult::Fail, "FAIL: the contract is broken"),
    (RuleResult::Warn, "WARN: tolerated, but should be changed"),
    (RuleResult::Info, "INFO"),
    (RuleResult::Pass, "PASS"),
    (RuleResult::NotJudged, "NOT JUDGED"),
];

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.observed)?;
        for (result, heading) in GROUPS {
            let mut findings = self.findings.iter().filter(|finding| finding.result == result).peekable();
            // If nothing was observed, no rule was judged; the summary says why.
            let is_shown = result != RuleResult::NotJudged || self.outcome != Outcome::NothingObserved;
            if findings.peek().is_some() && is_shown {
                writeln!(f, "\n{heading}")?;
                findings.try_for_each(|finding| writeln!(f, "{finding}"))?;
            }
        }
        let limits = self.observed.limits();
        if !limits.is_empty() {
            writeln!(f, "\nLIMITS")?;
            limits.iter().try_for_each(|limit| writeln!(f, "  {limit}"))?;
        }
        writeln!(f)?;
        match self.outcome {
            Outcome::Keeps => writeln!(f, "VERDICT: the gateway keeps the contract"),
            Outcome::Breaks => {
                let broken = self.codes(RuleResult::Fail).len();
                let points = if broken == 1 { "point" } else { "points" };
                writeln!(f, "VERDICT: the gateway breaks the contract in {broken} {points}")
            }
            Outcome::NothingObserved => writeln!(
                f,
                "VERDICT: nothing was observed\n  No record was received. Check that topics.events is the gateway's topic, that kafka.brokers are its brokers, \
                 and that a device is connected.\n  Run the check for longer than a heartbeat interval (check.duration_s)."
            ),
        }
    }
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Observed for {} s: {} records in {} partitions, {} devices ({} online at the end), {} disconnections,\n\
             keys read {} times, {} devices commanded",
            self.seconds,
            self.records,
            self.partitions,
            self.devices,
            self.online,
            self.disconnections,
            self.key_reads,
            self.commanded
        )
    }
}

impl Observed {
    /// The limits of the verdict: what it does not cover.
    fn limits(&self) -> Vec<String> {
        let mut limits = Vec::new();
        if self.records_of_unjudged > 0 {
            limits.push(format!(
                "{} records belong to devices beyond the first {} (check.max_devices); only the records themselves were judged.",
                self.records_of_unjudged, self.max_devices
            ));
        }
        if self.forgotten_events {
            limits.push("Copies were recognised only among the latest events (check.max_events).".to_owned());
        }
        if self.interruptions > 0 {
            limits.push(format!(
                "Kafka or Redis could not be reached {} times; silence at the end was not judged.",
                self.interruptions
            ));
        }
        if self.unpublished > 0 {
            limits.push(format!("{} commands could not be published.", self.unpublished));
        }
        if self.has_grown {
            limits.push(
                "The event topic has grown during the check; its new partitions were not read.".to_owned(),
            );
        }
        limits
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = match self.result {
            RuleResult::Fail | RuleResult::Warn | RuleResult::Info => {
                format!("{} of {}", self.broken, self.judged)
            }
            RuleResult::Pass => self.judged.to_string(),
            RuleResult::NotJudged => String::new(),
        };
        match self.result {
            RuleResult::NotJudged => write!(f, "  {:<24}{}", self.code, self.advice)?,
            RuleResult::Pass => write!(f, "  {:<24}{count} {}: {}", self.code, self.counts, self.rule)?,
            _ => write!(f, "  {:<24}{count} {}; rule: {}", self.code, self.counts, self.rule)?,
        }
        if !self.reasons.is_empty() {
            let reasons: Vec<_> =
                self.reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
            write!(f, "\n      by reason: {}", reasons.join(", "))?;
        }
        for example in &self.examples {
            write!(f, "\n      {example}")?;
        }
        if matches!(self.result, RuleResult::Fail | RuleResult::Warn | RuleResult::Info) {
            write!(f, "\n      → {}", self.advice)?;
        }
        Ok(())
    }
}
