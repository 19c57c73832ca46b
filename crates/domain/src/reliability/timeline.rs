//! The conditions of one connector over time.

use super::condition::Condition;
use super::exclusion::{Exclusion, ExclusionReason};
use super::tally::{OpenFailure, Tally};
use crate::ids::ConnectorId;
use chrono::{DateTime, Utc};

/// The conditions of one connector over time. A change counts from the beginning of its second, so
/// that all times are whole seconds and add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    connector: ConnectorId,
    /// Unix seconds, ascending, and the condition since then; `None` before the connector was known.
    changes: Vec<(i64, Option<Condition>)>,
}

impl Timeline {
    /// A timeline that begins with `condition` for all time.
    pub(super) fn new(connector: ConnectorId, condition: Option<Condition>) -> Self {
        Self { connector, changes: vec![(i64::MIN, condition)] }
    }

    /// Adds that the connector has `condition` since `at`, which is not before the last change.
    pub(super) fn push(&mut self, at: DateTime<Utc>, condition: Option<Condition>) {
        let second = at.timestamp();
        self.changes.pop_if(|last| last.0 == second);
        if self.changes.last().is_none_or(|last| last.1 != condition) {
            self.changes.push((second, condition));
        }
    }

    /// What the time from `from` to `until`, both whole seconds, comes to, and the failure that is
    /// open at its end; `open` is the one at its beginning.
    #[must_use]
    pub fn tally(
        &self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        exclusions: &[Exclusion],
        mut open: OpenFailure,
    ) -> (Tally, OpenFailure) {
        let (from, until) = (from.timestamp(), until.timestamp());
        let applied: Vec<_> =
            exclusions.iter().filter(|exclusion| exclusion.applies_to(self.connector)).collect();
        let edges =
            applied.iter().flat_map(|exclusion| [exclusion.from.timestamp(), exclusion.until.timestamp()]);
        let mut cuts: Vec<i64> = self.changes.iter().map(|change| change.0).chain(edges).collect();
        cuts.retain(|cut| (from..until).contains(cut));
        cuts.extend([from, until]);
        cuts.sort_unstable();
        cuts.dedup();
        let mut tally = Tally::default();
        for (begin, end) in cuts.iter().zip(cuts.iter().skip(1)) {
            if let Some(condition) = self.condition_at(*begin) {
                tally.add(condition, reason_at(&applied, *begin), end - begin, &mut open);
            }
        }
        (tally, open)
    }

    fn condition_at(&self, second: i64) -> Option<Condition> {
        let later = self.changes.partition_point(|change| change.0 <= second);
        later.checked_sub(1).and_then(|index| self.changes.get(index)?.1)
    }
}

/// The reason that applies to the second; the first one if there are several.
fn reason_at(exclusions: &[&Exclusion], second: i64) -> Option<ExclusionReason> {
    let applying = exclusions
        .iter()
        .filter(|exclusion| (exclusion.from.timestamp()..exclusion.until.timestamp()).contains(&second));
    applying.map(|exclusion| exclusion.reason).min()
}
