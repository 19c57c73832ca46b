//! The verdict: what was observed, and how each rule was kept.

mod text;

use super::rule::{RULE_TEXTS, RuleText, Severity};
use super::tally::{Tallies, Tally};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a verdict rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// How long it was observed.
    pub seconds: u64,
    /// Partitions of the event topic that were read.
    pub partitions: usize,
    /// Records read from them.
    pub records: u64,
    /// Devices that were heard and judged.
    pub devices: usize,
    /// Those of them that had not said goodbye in the end.
    pub online: usize,
    /// Goodbyes heard.
    pub goodbyes: u64,
    /// Looks at keys.
    pub looks: u64,
    /// Devices that were commanded.
    pub commanded: u64,
    /// How many devices can be judged.
    pub max_devices: usize,
    /// Records of devices that were not judged, because there were too many.
    pub records_of_unjudged: u64,
    /// Whether events were forgotten, so that copies of them were not known as such.
    pub forgotten_events: bool,
    /// How often Kafka or Redis could not be asked.
    pub interruptions: u64,
    /// Commands that could not be published.
    pub unpublished: u64,
    /// Whether the event topic has more partitions now than were read.
    pub has_grown: bool,
}

/// How one rule was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule's name, which never changes.
    pub code: &'static str,
    /// How it stands.
    pub standing: Standing,
    /// What holds where the rule is kept.
    pub rule: &'static str,
    /// How many broke it.
    pub broken: u64,
    /// How many were judged by it.
    pub judged: u64,
    /// What they are: records, devices, …
    pub counts: &'static str,
    /// How often for which reason, where reasons have names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<&'static str, u64>,
    /// Some places where it was broken; or how it was kept, if that says something.
    pub examples: Vec<String>,
    /// What to do about it, or what has to be observed for it to be judged.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub advice: &'static str,
}

/// How a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Standing {
    /// Broken, and with it the contract.
    Fail,
    /// Broken, and tolerated.
    Warn,
    /// Not followed, which is nobody's fault.
    Info,
    /// Kept by all that were judged.
    Pass,
    /// Nothing was observed that it could be judged by.
    NotJudged,
}

/// What it comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Every rule that the contract depends on was kept, as far as was observed.
    Keeps,
    /// Some were not.
    Breaks,
    /// There was nothing to judge.
    NothingObserved,
}

/// What was observed, and how each rule was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// What it comes down to.
    pub outcome: Outcome,
    /// What it rests on.
    pub observed: Observed,
    /// All rules.
    pub findings: Vec<Finding>,
}

impl Verdict {
    pub(super) fn new(observed: Observed, tallies: &Tallies) -> Self {
        let findings: Vec<_> = RULE_TEXTS.iter().map(|text| Finding::new(text, tallies.of(text.rule))).collect();
        let is_broken = findings.iter().any(|finding| finding.standing == Standing::Fail);
        let outcome = match (is_broken, observed.records) {
            (true, _) => Outcome::Breaks,
            (false, 0) => Outcome::NothingObserved,
            (false, _) => Outcome::Keeps,
        };
        Self { outcome, observed, findings }
    }

    /// The rule of that code; `None` if there is no such rule.
    #[must_use]
    pub fn finding(&self, code: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.code == code)
    }

    /// The codes of the rules that stand like that.
    #[must_use]
    pub fn codes(&self, standing: Standing) -> Vec<&'static str> {
        let alike = self.findings.iter().filter(|finding| finding.standing == standing);
        alike.map(|finding| finding.code).collect()
    }

    /// What the process is to end with.
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
        let standing = match (tally.broken, tally.judged, text.severity) {
            (0, 0, _) => Standing::NotJudged,
            (0, _, _) => Standing::Pass,
            (_, _, Severity::Fail) => Standing::Fail,
            (_, _, Severity::Warn) => Standing::Warn,
            (_, _, Severity::Info) => Standing::Info,
        };
        Self {
            code: text.code,
            standing,
            rule: text.states,
            broken: tally.broken,
            judged: tally.judged,
            counts: text.counts,
            reasons: tally.reasons,
            examples: if standing == Standing::Pass { tally.proofs } else { tally.examples },
            advice: match standing {
                Standing::Fail | Standing::Warn | Standing::Info => text.advice,
                Standing::Pass => "",
                Standing::NotJudged => text.needs,
            },
        }
    }
}
