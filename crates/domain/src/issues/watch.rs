//! The memory of one cause at one place.

use super::{Fact, Seen, Signal, TransitionKind, Verdict};
use crate::ids::IssueId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The memory of one cause at one place. Stored as JSON; one that is [idle](Self::is_idle) need not be
/// stored.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Watch {
    /// Whether there is an issue.
    pub standing: Standing,
    /// What happens when nothing else does; `None`: nothing.
    pub due: Option<Due>,
    /// How the condition ends, when the change that ended it was missed; `None`: nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<MissedEnd>,
    /// The newest sign of the condition.
    pub fact: Option<Fact>,
    /// The session or the command that the condition is about.
    pub about: Option<Uuid>,
    /// When it occurred, the earliest first; at most as many as the rule counts.
    pub recent: Vec<DateTime<Utc>>,
    /// The last value that may toggle.
    pub value: Option<bool>,
}

/// Whether there is an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// There is none.
    #[default]
    None,
    /// It is open.
    Open(IssueId),
    /// The device is part of this outage.
    PartOf(IssueId),
}

/// What happens at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// When, by PostgreSQL's clock.
    pub at: DateTime<Utc>,
    /// What happens.
    pub then: Then,
}

/// The end of a condition that no change shows, but the state of the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissedEnd {
    /// When it counts, by PostgreSQL's clock.
    pub at: DateTime<Utc>,
    /// What shows it.
    pub proof: Fact,
}

/// What happens when nothing else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Then {
    /// The condition holds, and the issue opens.
    Open,
    /// The condition does not hold any more.
    Close,
}

/// What happens to the issue of a watch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    /// When.
    pub at: DateTime<Utc>,
    /// The issue; `None` if it opens.
    pub issue: Option<IssueId>,
    /// What happens.
    pub kind: TransitionKind,
    /// What was seen.
    pub fact: Fact,
}

impl Watch {
    /// When something happens if nothing else does; `None` if nothing does.
    #[must_use]
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        let missed = self.missed.as_ref().map(|missed| missed.at);
        self.due.map(|due| due.at).into_iter().chain(missed).min()
    }

    /// Whether it is as if nothing had been seen.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.standing == Standing::None && self.due.is_none() && self.recent.is_empty()
    }

    /// Applies `signal` of a change that was written at `at`. `held` is the end of the maintenance at
    /// the place, if there is any. Call [`elapse`](Self::elapse) for that time before.
    pub(super) fn apply(
        &mut self,
        signal: Signal,
        at: DateTime<Utc>,
        held: Option<DateTime<Utc>>,
    ) -> Option<Step> {
        let Signal { verdict, about, fact, .. } = signal;
        if verdict.is_sign() {
            self.missed = None;
        }
        match verdict {
            Verdict::Present => self.present(fact, about, at, held),
            Verdict::PresentAt(due) => self.present_at(due, fact, about),
            Verdict::Occurred { count } => {
                if held.is_some() {
                    return None;
                }
                let is_enough = self.count(count, at);
                is_enough.then(|| self.present(fact, about, at, held)).flatten()
            }
            Verdict::Toggled { value, count, window } => {
                let before = self.value.replace(value);
                if before == Some(value) || held.is_some() {
                    return None;
                }
                self.recent.retain(|earlier| *earlier > at - window);
                // The first value is not a change.
                let is_enough = before.is_some() && self.count(count, at);
                let step = is_enough.then(|| self.present(fact, about, at, held)).flatten();
                self.due = Some(Due { at: at + window, then: Then::Close });
                step
            }
            Verdict::Absent | Verdict::Cancelled if self.is_about_other(about) => None,
            Verdict::Cancelled if self.standing != Standing::None => None,
            Verdict::Absent | Verdict::Cancelled | Verdict::Gone => self.end(fact, at),
        }
    }

    /// Lets the condition end at `at`, as the state of the device shows, unless a sign of it that was
    /// written before follows.
    pub(super) fn end_at(&mut self, at: DateTime<Utc>, signal: Signal) {
        if !self.is_about_other(signal.about) {
            self.missed = Some(MissedEnd { at, proof: signal.fact });
        }
    }

    fn is_about_other(&self, about: Option<Uuid>) -> bool {
        about.is_some() && self.about.is_some() && about != self.about
    }

    /// Lets what is due at `now` happen. `held` has the end of the maintenance at the place at an
    /// instant.
    pub(super) fn elapse(
        &mut self,
        now: DateTime<Utc>,
        held: impl Fn(DateTime<Utc>) -> Option<DateTime<Utc>>,
    ) -> Option<Step> {
        loop {
            let due = self.due.filter(|due| due.at <= now);
            if let Some(MissedEnd { at, proof }) =
                self.missed.take_if(|missed| missed.at <= now && due.is_none_or(|due| missed.at <= due.at))
            {
                return self.end(proof, at);
            }
            let due = due?;
            match (due.then, held(due.at)) {
                (Then::Open, Some(end)) => self.due = Some(Due { at: end, then: Then::Open }),
                (Then::Open, None) => {
                    self.due = None;
                    let fact = self.fact.clone()?;
                    return self.open(fact, due.at);
                }
                (Then::Close, _) => {
                    let last = self.recent.last().copied().unwrap_or(due.at);
                    let seen = Seen::Quiet { seconds: (due.at - last).num_seconds() };
                    return self.end(Fact { at: due.at, seen }, due.at);
                }
            }
        }
    }

    fn present(
        &mut self,
        fact: Fact,
        about: Option<Uuid>,
        at: DateTime<Utc>,
        held: Option<DateTime<Utc>>,
    ) -> Option<Step> {
        let is_news = self.fact.as_ref().is_none_or(|before| !before.says_the_same(&fact));
        self.fact = Some(fact.clone());
        self.about = about;
        match (self.standing, held) {
            (Standing::Open(issue), _) => {
                is_news.then_some(Step { at, issue: Some(issue), kind: TransitionKind::Recurred, fact })
            }
            (Standing::PartOf(_), _) => None,
            (Standing::None, Some(end)) => {
                self.due = Some(Due { at: end, then: Then::Open });
                None
            }
            (Standing::None, None) => {
                self.due = None;
                self.open(fact, at)
            }
        }
    }

    fn present_at(&mut self, due: DateTime<Utc>, fact: Fact, about: Option<Uuid>) -> Option<Step> {
        let is_known =
            self.fact.as_ref().is_some_and(|before| before.says_the_same(&fact)) && self.about == about;
        if is_known && (self.due.is_some() || self.standing != Standing::None) {
            // A watch that began with a state of the device may read the change to it later.
            self.due = self.due.map(|known| Due { at: known.at.min(due), ..known });
            return None;
        }
        self.about = about;
        self.fact = Some(fact);
        if self.standing == Standing::None {
            self.due = Some(Due { at: due, then: Then::Open });
        }
        None
    }

    /// Counts an occurrence; whether there are `count`. Only the latest are remembered.
    fn count(&mut self, count: u16, at: DateTime<Utc>) -> bool {
        self.recent.push(at);
        let surplus = self.recent.len().saturating_sub(usize::from(count));
        self.recent.drain(..surplus);
        self.recent.len() >= usize::from(count)
    }

    fn open(&self, fact: Fact, at: DateTime<Utc>) -> Option<Step> {
        let is_open = self.standing != Standing::None;
        (!is_open).then_some(Step { at, issue: None, kind: TransitionKind::Opened, fact })
    }

    /// Ends what is watched at `at`; nothing is remembered.
    pub(super) fn end(&mut self, proof: Fact, at: DateTime<Utc>) -> Option<Step> {
        let (issue, kind) = match std::mem::take(self).standing {
            Standing::None => return None,
            Standing::Open(issue) => (issue, TransitionKind::Closed),
            Standing::PartOf(issue) => (issue, TransitionKind::Left),
        };
        Some(Step { at, issue: Some(issue), kind, fact: proof })
    }
}
