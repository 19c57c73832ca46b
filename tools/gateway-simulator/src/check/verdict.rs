//! The verdict: what was observed, and which rules were kept.

mod text;

use super::rule::{RuleText, Severity, rule_texts};
use super::tally::{Tallies, Tally};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a verdict is based on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// How long the gateway was observed, in seconds.
    pub seconds: u64,
    /// Partitions of the event topic that were read.
    pub partitions: usize,
    /// Records read from them.
    pub records: u64,
    /// Devices that sent events and were judged.
    pub devices: usize,
    /// Those of them that were not reported as disconnected at the end.
    pub online: usize,
    /// Disconnections that were received.
    #[serde(rename = "goodbyes")]
    pub disconnections: u64,
    /// How often keys were read.
    #[serde(rename = "looks")]
    pub key_reads: u64,
    /// Devices to which commands were sent.
    pub commanded: u64,
    /// The greatest number of devices that are judged.
    pub max_devices: usize,
    /// Records of devices that were not judged, because there were more than `max_devices`.
    pub records_of_unjudged: u64,
    /// Whether events were forgotten; copies of those were not recognised.
    pub forgotten_events: bool,
    /// How often Kafka or Redis could not be reached.
    pub interruptions: u64,
    /// Commands that could not be published.
    pub unpublished: u64,
    /// Whether the event topic has more partitions at the end than were read.
    pub has_grown: bool,
}

/// The result for one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule's code, which never changes.
    pub code: &'static str,
    /// The result.
    #[serde(rename = "standing")]
    pub result: RuleResult,
    /// The rule, stated as it is when it is kept.
    pub rule: &'static str,
    /// How many broke the rule.
    pub broken: u64,
    /// How many were judged by the rule.
    pub judged: u64,
    /// What was counted: records, devices, …
    pub counts: &'static str,
    /// The number of violations by reason, for rules whose reasons have codes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<&'static str, u64>,
    /// Some places where the rule was broken; for some rules, how it was kept.
    pub examples: Vec<String>,
    /// What to do about a violation, or what must be observed so that the rule can be judged.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub advice: &'static str,
}

/// The result for a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RuleResult {
    /// Broken, and with it the contract.
    Fail,
    /// Broken, but tolerated.
    Warn,
    /// Not followed, which is allowed.
    Info,
    /// Kept by everything that was judged.
    Pass,
    /// The observations do not suffice to judge the rule.
    NotJudged,
}

/// The overall result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Every rule on which the contract depends was kept, as far as was observed.
    Keeps,
    /// At least one of these rules was broken.
    Breaks,
    /// Nothing was observed.
    NothingObserved,
}

/// What was observed, and the result for each rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The overall result.
    pub outcome: Outcome,
    /// What the verdict is based on.
    pub observed: Observed,
    /// The results of all rules.
    pub findings: Vec<Finding>,
}

impl Verdict {
    pub(super) fn new(observed: Observed, tallies: &Tallies) -> Self {
        let findings: Vec<_> =
            rule_texts().map(|text| Finding::new(text, tallies.tally(text.rule))).collect();
        let is_broken = findings.iter().any(|finding| finding.result == RuleResult::Fail);
        let outcome = match (is_broken, observed.records) {
            (true, _) => Outcome::Breaks,
            (false, 0) => Outcome::NothingObserved,
            (false, _) => Outcome::Keeps,
        };
        Self { outcome, observed, findings }
    }

    /// The finding of the rule with code `code`; `None` if there is no such rule.
    #[must_use]
    pub fn finding(&self, code: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.code == code)
    }

    /// The codes of the rules with this result.
    #[must_use]
    pub fn codes(&self, result: RuleResult) -> Vec<&'static str> {
        let matching = self.findings.iter().filter(|finding| finding.result == result);
        matching.map(|finding| finding.code).collect()
    }

    /// The exit code of the process: 0 kept, 1 broken, 2 nothing observed.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self.outcome {
            Outcome::Keeps => 0,
            Outcome::Breaks => 1,
            Outcome::NothingObserved => 2,
        }
    }
}

impl Finding {
    fn new(text: &RuleText, tally: Tally) -> Self {
        let result = match (tally.broken, tally.judged, text.severity) {
            (0, 0, _) => RuleResult::NotJudged,
            (0, _, _) => RuleResult::Pass,
            (_, _, Severity::Fail) => RuleResult::Fail,
            (_, _, Severity::Warn) => RuleResult::Warn,
            (_, _, Severity::Info) => RuleResult::Info,
        };
        Self {
            code: text.code,
            result,
            rule: text.states,
            broken: tally.broken,
            judged: tally.judged,
            counts: text.counts,
            reasons: tally.reasons,
            examples: if result == RuleResult::Pass { tally.proofs } else { tally.examples },
            advice: match result {
                RuleResult::Fail | RuleResult::Warn | RuleResult::Info => text.advice,
                RuleResult::Pass => "",
                RuleResult::NotJudged => text.needs,
            },
        }
    }
}
