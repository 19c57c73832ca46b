//! How often each rule was kept and broken, with a few examples.

use super::rule::Rule;
use std::collections::{BTreeMap, BTreeSet};

/// Examples that are shown of each rule.
const EXAMPLES: usize = 3;

/// What was found of one rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// How many were judged by it.
    pub(super) judged: u64,
    /// How many of them broke it.
    pub(super) broken: u64,
    /// How often for which reason, where reasons have names.
    pub(super) reasons: BTreeMap<&'static str, u64>,
    /// Where it was broken.
    pub(super) examples: Vec<String>,
    /// What it looked like where it was kept, if that says something.
    pub(super) proofs: Vec<String>,
}

/// The tallies of all rules.
#[derive(Debug, Clone, Default)]
pub(super) struct Tallies(BTreeMap<Rule, Tally>);

impl Tallies {
    pub(super) fn kept(&mut self, rule: Rule) {
        self.0.entry(rule).or_default().judged += 1;
    }

    /// The same, with words for how it was kept.
    pub(super) fn proved(&mut self, rule: Rule, proof: String) {
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

    /// The same for a rule that is broken in ways that have names; the first example of each way comes first.
    pub(super) fn broken_by(&mut self, rule: Rule, reason: &'static str, example: impl FnOnce() -> String) {
        let tally = self.0.entry(rule).or_default();
        let seen = tally.reasons.entry(reason).or_default();
        *seen += 1;
        if *seen == 1 && tally.examples.len() == EXAMPLES {
            tally.examples.pop();
        }
        self.broken(rule, example);
    }

    /// Kept or broken, as the case is.
    pub(super) fn judge(&mut self, rule: Rule, is_kept: bool, example: impl FnOnce() -> String) {
        if is_kept { self.kept(rule) } else { self.broken(rule, example) }
    }

    /// Moves what was found under `each` to the rule `never`, as one finding about the gateway.
    pub(super) fn say_once(&mut self, each: Rule, never: Rule) {
        let found = self.0.remove(&each).unwrap_or_default();
        let tally = self.0.entry(never).or_default();
        tally.examples.extend(found.examples);
        tally.examples.truncate(EXAMPLES);
        tally.broken = u64::from(tally.broken + found.broken > 0);
        tally.judged = tally.broken;
    }

    /// Forgets what was found of a rule.
    pub(super) fn drop(&mut self, rule: Rule) {
        self.0.remove(&rule);
    }

    pub(super) fn of(&self, rule: Rule) -> Tally {
        self.0.get(&rule).cloned().unwrap_or_default()
    }
}

/// What was found of one device: a rule counts once for each, and once broken it stays broken.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    kept: BTreeSet<Rule>,
    broken: BTreeSet<Rule>,
}

impl Marks {
    pub(super) fn kept(&mut self, rule: Rule) {
        self.kept.insert(rule);
    }

    /// Broken; the first time, there is an example to be shown.
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

    /// Counts what was kept to the end.
    pub(super) fn count(&self, tallies: &mut Tallies) {
        for rule in self.kept.difference(&self.broken) {
            tallies.kept(*rule);
        }
    }
}
