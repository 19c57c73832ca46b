//! Decides whether a refused record or the database itself is at fault: a full disk, a standby,
//! missing privileges.

use std::time::Duration;
use storage::StorageError;
use tokio::time::Instant;

/// A refusal with an uncertain cause must be repeated this often and for this long before the
/// record counts as at fault: if PostgreSQL reports in an unknown language, a lock that is held for
/// some seconds looks the same.
const ATTEMPTS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(10);
/// After this many dead letters in a row without a certain cause, the database is the more likely
/// cause: the next record must be refused for [`LONG_PATIENCE`].
const IN_A_ROW: u32 = 3;
const LONG_PATIENCE: Duration = Duration::from_secs(60);

/// Who is at fault for a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The record is at fault.
    Record,
    /// The database is or may be at fault: wait, and write the record again.
    Database,
}

/// The refusals of one record, and the verdicts on those before it.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    attempts: u32,
    since: Option<Instant>,
    condemned_in_a_row: u32,
}

impl Refusals {
    /// Judges the refusal of a single record with `error`; `writes_otherwise` says whether
    /// PostgreSQL writes anything else.
    pub(super) fn judge(&mut self, error: &StorageError, writes_otherwise: bool, now: Instant) -> Verdict {
        if !writes_otherwise || matches!(error, StorageError::Inconsistent { .. }) {
            return Verdict::Database;
        }
        if error.is_of_the_data() {
            self.end();
            return Verdict::Record;
        }
        self.attempts += 1;
        let since = *self.since.get_or_insert(now);
        let is_enough = match self.condemned_in_a_row {
            0..IN_A_ROW => self.attempts >= ATTEMPTS && now.duration_since(since) >= PATIENCE,
            _ => now.duration_since(since) >= LONG_PATIENCE,
        };
        if !is_enough {
            return Verdict::Database;
        }
        self.end();
        self.condemned_in_a_row += 1;
        Verdict::Record
    }

    /// Records that a batch was written.
    pub(super) fn written(&mut self) {
        *self = Self::default();
    }

    const fn end(&mut self) {
        self.attempts = 0;
        self.since = None;
    }
}

#[cfg(test)]
mod tests;
