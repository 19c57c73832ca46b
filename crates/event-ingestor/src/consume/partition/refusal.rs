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
mod tests {
    use super::Verdict::{Database, Record};
    use super::*;
    use storage::{DieselError, StorageError};

    fn unclear() -> StorageError {
        StorageError::Refused(DieselError::NotFound)
    }

    fn judged(refusals: &mut Refusals, seconds: u64, begun: Instant) -> Verdict {
        refusals.judge(&unclear(), true, begun + Duration::from_secs(seconds))
    }

    #[test]
    fn blames_a_record_that_alone_is_refused_repeatedly() {
        let (mut refusals, begun) = (Refusals::default(), Instant::now());
        let verdicts = [0, 1, 10].map(|second| judged(&mut refusals, second, begun));
        assert_eq!(verdicts, [Database, Database, Record]);
    }

    #[test]
    fn blames_no_record_for_a_failure_that_passes_within_seconds() {
        let (mut refusals, begun) = (Refusals::default(), Instant::now());
        for second in 0..10 {
            assert_eq!(judged(&mut refusals, second, begun), Database);
        }
    }

    #[test]
    fn blames_no_record_while_the_database_does_not_write_or_is_inconsistent() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(refusals.judge(&unclear(), false, now), Database);
            let unread = StorageError::Inconsistent { table: "sessions", what: String::new() };
            assert_eq!(refusals.judge(&unread, true, now), Database);
        }
    }

    #[test]
    fn after_several_blamed_records_the_next_one_waits_a_minute() {
        let (mut refusals, begun) = (Refusals::default(), Instant::now());
        let condemned = [0, 1, 10, 20, 21, 30, 40, 41, 50].map(|second| judged(&mut refusals, second, begun));
        assert_eq!(condemned, [Database, Database, Record].repeat(3)[..]);
        assert_eq!([60, 61, 119].map(|second| judged(&mut refusals, second, begun)), [Database; 3]);
        assert_eq!(
            judged(&mut refusals, 120, begun),
            Record,
            "a stream of bad records does not stop the partition for ever"
        );
        refusals.written();
        assert_eq!(
            [130, 131, 140].map(|second| judged(&mut refusals, second, begun)),
            [Database, Database, Record]
        );
    }
}
