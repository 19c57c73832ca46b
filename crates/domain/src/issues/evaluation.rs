//! One pass over changes of the feed.

use super::watch::{Standing, Step};
use super::{IssueKey, Maintenance, Rule, Signal, Transition, Verdict, Watch};
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
    /// any more. What the feed has shown of the same cause and place counts more. The condition holds
    /// at `now` at the earliest, so changes that were written before are evaluated before.
    pub fn begin_with(&mut self, rules: &[Rule], state: &FeedChange, now: DateTime<Utc>) {
        let written = WrittenChange { change: state, written_at: state.at.min(now), is_punctual: false };
        for signal in rules.iter().filter_map(|rule| rule.judge(written)) {
            let due = match signal.verdict {
                Verdict::Present => now,
                Verdict::PresentAt(due) => due.max(now),
                Verdict::Occurred { .. } | Verdict::Toggled { .. } | Verdict::Absent | Verdict::Gone => {
                    continue;
                }
            };
            if !self.watches.contains_key(&signal.key) {
                self.apply_signal(Signal { verdict: Verdict::PresentAt(due), ..signal }, now);
            }
        }
    }

    /// Lets happen what is due at `now`.
    pub fn elapse(&mut self, now: DateTime<Utc>) {
        let is_due = |watch: &Watch| watch.due.is_some_and(|due| due.at <= now);
        let mut due: Vec<(DateTime<Utc>, IssueKey)> = self
            .watches
            .iter()
            .filter(|(_, watch)| is_due(watch))
            .filter_map(|(key, watch)| Some((watch.due?.at, key.clone())))
            .collect();
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
        if !self.watches.contains_key(&key) && matches!(signal.verdict, Verdict::Absent) {
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
        let Some(before) = self.watches.get(key).cloned() else { return };
        let mut watch = before.clone();
        let device = key.place.charge_point();
        let step = watch.elapse(now, |at| self.maintenance.ends(device?, at));
        self.settle(key.clone(), &before, watch, step);
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
