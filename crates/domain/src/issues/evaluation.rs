//! One pass over changes of the feed.

use super::watch::{Standing, Step};
use super::{Cause, Fact, IssueKey, Maintenance, Rule, Seen, Signal, Transition, Verdict, Watch};
use crate::feed::FeedChange;
use crate::ids::{ChargePointId, IssueId};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A change, and when it was written.
#[derive(Debug, Clone, Copy)]
pub struct WrittenChange<'a> {
    /// The change.
    pub change: &'a FeedChange,
    /// When its chunk was written, by PostgreSQL's clock.
    pub written_at: DateTime<Utc>,
    /// Whether events were written as they came: then a claimed time that is long over is the fault
    /// of the device or its gateway.
    pub is_punctual: bool,
}

/// One pass over changes of the feed: the watches of the devices that they are about, and what
/// happens to issues.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evaluation {
    watches: BTreeMap<IssueKey, Watch>,
    touched: BTreeSet<IssueKey>,
    transitions: Vec<Transition>,
    maintenance: Maintenance,
}

impl Evaluation {
    /// A pass that begins with these watches: all of the devices that the changes are about.
    #[must_use]
    pub fn new(watches: BTreeMap<IssueKey, Watch>, maintenance: Maintenance) -> Self {
        Self { watches, maintenance, ..Self::default() }
    }

    /// Ends, at `now`, what is watched for causes that none of `rules` is about. Call it before the rest:
    /// what is due of such a cause does not happen.
    pub fn end_without_rule(&mut self, rules: &[Rule], now: DateTime<Utc>) {
        let causes: Vec<Cause> = Rule::causes_without(rules).collect();
        let keys: Vec<IssueKey> =
            self.watches.keys().filter(|key| causes.contains(&key.cause)).cloned().collect();
        for key in keys {
            let before = self.watches.get(&key).cloned().unwrap_or_default();
            let mut watch = before.clone();
            let step = watch.end(Fact { at: now, seen: Seen::RuleOff }, now);
            self.settle(key, &before, watch, step);
        }
    }

    /// Applies the signals of a change.
    pub fn apply(&mut self, rules: &[Rule], written: WrittenChange<'_>) {
        for signal in rules.iter().flat_map(|rule| rule.judge(written)) {
            if signal.verdict == Verdict::Gone {
                self.end_all(&signal, written.written_at);
            } else {
                self.apply_signal(signal, written.written_at);
            }
        }
    }

    /// Applies `state`, which a device has, as read at `now`, when the change to it is not in the feed
    /// any more. What the feed has shown of a sign of the same cause and place counts more. The condition
    /// holds, or ends, at `now` at the earliest, so changes that were written before are evaluated before.
    pub fn apply_state(&mut self, rules: &[Rule], state: WrittenChange<'_>, now: DateTime<Utc>) {
        for signal in rules.iter().filter_map(|rule| rule.judge(state)) {
            let is_watched = self.watches.contains_key(&signal.key);
            let due = match signal.verdict {
                Verdict::Present if !is_watched => now,
                Verdict::PresentAt(due) if !is_watched => due.max(now),
                Verdict::Absent => {
                    self.end_at(now, signal);
                    continue;
                }
                _ => continue,
            };
            self.apply_signal(Signal { verdict: Verdict::PresentAt(due), ..signal }, now);
        }
    }

    /// Lets the condition of the watch that `end` is about end at `now`, when the change that ended it is
    /// not in the feed any more; see [`apply_state`](Self::apply_state).
    pub fn end_at(&mut self, now: DateTime<Utc>, end: Signal) {
        let Some(before) = self.watches.get(&end.key).cloned() else { return };
        let (key, mut watch) = (end.key.clone(), before.clone());
        watch.end_at(now, end);
        self.settle(key, &before, watch, None);
    }

    /// Lets happen what is due at `now`.
    pub fn elapse(&mut self, now: DateTime<Utc>) {
        let due_at = |watch: &Watch| watch.due_at().filter(|due| *due <= now);
        let mut due: Vec<(DateTime<Utc>, IssueKey)> =
            self.watches.iter().filter_map(|(key, watch)| Some((due_at(watch)?, key.clone()))).collect();
        due.sort();
        for (_, key) in due {
            self.elapse_at(&key, now);
        }
    }

    /// The watch with this key, for decisions that concern several devices.
    pub fn watch_mut(&mut self, key: &IssueKey) -> &mut Watch {
        self.touched.insert(key.clone());
        self.watches.entry(key.clone()).or_default()
    }

    /// What happened to issues since the last call, in order.
    pub fn take_transitions(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.transitions)
    }

    /// The watches that changed.
    pub fn changed(&self) -> impl Iterator<Item = (&IssueKey, &Watch)> {
        self.touched.iter().filter_map(|key| Some((key, self.watches.get(key)?)))
    }

    fn apply_signal(&mut self, signal: Signal, at: DateTime<Utc>) {
        let key = signal.key.clone();
        if !self.watches.contains_key(&key) && matches!(signal.verdict, Verdict::Absent | Verdict::Cancelled)
        {
            return;
        }
        // What was due before this was written happens first, whenever it is evaluated.
        self.elapse_at(&key, at);
        let held = key.place.charge_point().and_then(|device| self.maintenance.ends(device, at));
        let before = self.watches.get(&key).cloned().unwrap_or_default();
        let mut watch = before.clone();
        let step = watch.apply(signal, at, held);
        self.settle(key, &before, watch, step);
    }

    fn elapse_at(&mut self, key: &IssueKey, now: DateTime<Utc>) {
        while let Some(before) = self.watches.get(key).cloned() {
            let mut watch = before.clone();
            let device = key.place.charge_point();
            let step = watch.elapse(now, |at| self.maintenance.ends(device?, at));
            let is_over = step.is_none();
            self.settle(key.clone(), &before, watch, step);
            // An issue may open, and end at a time that is over as well.
            if is_over {
                break;
            }
        }
    }

    fn end_all(&mut self, signal: &Signal, at: DateTime<Utc>) {
        let device: Option<ChargePointId> = signal.key.place.charge_point().cloned();
        let keys: Vec<IssueKey> =
            self.watches.keys().filter(|key| key.place.charge_point() == device.as_ref()).cloned().collect();
        for key in keys {
            self.apply_signal(Signal { key, ..signal.clone() }, at);
        }
    }

    fn settle(&mut self, key: IssueKey, before: &Watch, mut watch: Watch, step: Option<Step>) {
        if let Some(Step { at, issue, kind, fact }) = step {
            let issue = issue.unwrap_or_else(|| {
                let opened = IssueId::derive(&key.to_string(), at);
                watch.standing = Standing::Open(opened);
                opened
            });
            self.transitions.push(Transition { key: key.clone(), issue, at, kind, fact });
        }
        if watch != *before {
            self.touched.insert(key.clone());
            self.watches.insert(key, watch);
        }
    }
}
