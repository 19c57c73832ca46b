//! Counts how often each rule was kept and broken, with a few examples.

use super::rule::Rule;
use std::collections::{BTreeMap, BTreeSet};

/// The number of examples that are shown per rule.
const EXAMPLES: usize = 3;

/// The counts of one rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// How many were judged by the rule.
    pub(super) judged: u64,
    /// How many of them broke it.
    pub(super) broken: u64,
    /// The number of violations by reason, for rules whose reasons have codes.
    pub(super) reasons: BTreeMap<&'static str, u64>,
    /// Where the rule was broken.
    pub(super) examples: Vec<String>,
    /// How the rule was kept, for rules that show this.
    pub(super) proofs: Vec<String>,
}

/// The counts of all rules.
#[derive(Debug, Clone, Default)]
pub(super) struct Tallies(BTreeMap<Rule, Tally>);

impl Tallies {
    pub(super) fn kept(&mut self, rule: Rule) {
        self.0.entry(rule).or_default().judged += 1;
    }

    /// Counts a kept rule, with a description of how it was kept.
    pub(super) fn kept_with_proof(&mut self, rule: Rule, proof: String) {
        let tally = self.0.entry(rule).or_default();
        tally.judged += 1;
        if tally.proofs.len() < EXAMPLES {
            tally.proofs.push(proof);
        }
    }

    pub(super) fn broken(&mut self, rule: Rule, example: impl FnOnce() -> String) {
        let tally = self.0.entry(rule).or_default();
        tally.judged += 1;
        tally.broken += 1;
        if tally.examples.len() < EXAMPLES {
            tally.examples.push(example());
        }
    }

    /// Counts a rule that was broken for `reason`; the first example of each reason is shown first.
    pub(super) fn broken_by(&mut self, rule: Rule, reason: &'static str, example: impl FnOnce() -> String) {
        let tally = self.0.entry(rule).or_default();
        let seen = tally.reasons.entry(reason).or_default();
        *seen += 1;
        if *seen == 1 && tally.examples.len() == EXAMPLES {
            tally.examples.pop();
        }
        self.broken(rule, example);
    }

    /// Counts the rule as kept or broken.
    pub(super) fn judge(&mut self, rule: Rule, is_kept: bool, example: impl FnOnce() -> String) {
        if is_kept { self.kept(rule) } else { self.broken(rule, example) }
    }

    /// Moves the counts of `each` to the rule `never`, as one finding about the gateway.
    pub(super) fn merge_into(&mut self, each: Rule, never: Rule) {
        let found = self.0.remove(&each).unwrap_or_default();
        let tally = self.0.entry(never).or_default();
        tally.examples.extend(found.examples);
        tally.examples.truncate(EXAMPLES);
        tally.broken = u64::from(tally.broken + found.broken > 0);
        tally.judged = tally.broken;
    }

    /// Forgets the counts of a rule.
    pub(super) fn forget(&mut self, rule: Rule) {
        self.0.remove(&rule);
    }

    pub(super) fn tally(&self, rule: Rule) -> Tally {
        self.0.get(&rule).cloned().unwrap_or_default()
    }
}

/// The counts of one device: a rule counts once per device, and a broken rule stays broken.
#[derive(Debug, Clone, Default)]
pub(super) struct DeviceTally {
    kept: BTreeSet<Rule>,
    broken: BTreeSet<Rule>,
}

impl DeviceTally {
    pub(super) fn kept(&mut self, rule: Rule) {
        self.kept.insert(rule);
    }

    /// The rule is broken; the first violation is an example.
    pub(super) fn broken(&mut self, rule: Rule, tallies: &mut Tallies, example: impl FnOnce() -> String) {
        if self.broken.insert(rule) {
            tallies.broken(rule, example);
        }
    }

    pub(super) fn is_broken(&self, rule: Rule) -> bool {
        self.broken.contains(&rule)
    }

    pub(super) fn is_judged(&self, rule: Rule) -> bool {
        self.kept.contains(&rule) || self.is_broken(rule)
    }

    /// Counts the rules that were kept to the end.
    pub(super) fn count(&self, tallies: &mut Tallies) {
        for rule in self.kept.difference(&self.broken) {
            tallies.kept(*rule);
        }
    }
}
