//! Whether the database refused a record, or is itself at fault: a full disk, a standby, missing privileges.

use std::time::Duration;
use storage::StorageError;
use tokio::time::Instant;

/// A refusal whose cause PostgreSQL does not name for certain must be repeated this often, and for this long, before the record is at
/// fault: in a language that is not known, a lock that is held for some seconds looks the same.
const ATTEMPTS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(10);
/// After this many records in a row that were put aside without a certain cause, it is more likely the database: the next one
/// must be refused for [`LONG_PATIENCE`].
const IN_A_ROW: u32 = 3;
const LONG_PATIENCE: Duration = Duration::from_secs(60);

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The record is at fault.
    Record,
    /// The database is, or may be: wait, and write the record again.
    Database,
}

/// The refusals of one record, and how those before it ended.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    attempts: u32,
    since: Option<Instant>,
    condemned_in_a_row: u32,
}

impl Refusals {
    /// Judges that PostgreSQL refused a single record with `error`, while it does or does not write otherwise.
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

    /// Notes that records were written.
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
    fn a_record_is_at_fault_when_only_it_is_refused_again_and_again() {
        let (mut refusals, begun) = (Refusals::default(), Instant::now());
        let verdicts = [0, 1, 10].map(|second| judged(&mut refusals, second, begun));
        assert_eq!(verdicts, [Database, Database, Record]);
    }

    #[test]
    fn what_passes_within_seconds_condemns_no_record_however_often_it_is_tried() {
        let (mut refusals, begun) = (Refusals::default(), Instant::now());
        for second in 0..10 {
            assert_eq!(judged(&mut refusals, second, begun), Database);
        }
    }

    #[test]
    fn nothing_is_at_fault_while_the_database_does_not_write_or_holds_what_cannot_be_read() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(refusals.judge(&unclear(), false, now), Database);
            let unread = StorageError::Inconsistent { table: "sessions", what: String::new() };
            assert_eq!(refusals.judge(&unread, true, now), Database);
        }
    }

    #[test]
    fn several_records_in_a_row_make_the_next_one_wait_for_a_minute() {
        let (mut refusals, begun) = (Refusals::default(), Instant::now());
        let condemned = [0, 1, 10, 20, 21, 30, 40, 41, 50].map(|second| judged(&mut refusals, second, begun));
        assert_eq!(condemned, [Database, Database, Record].repeat(3)[..]);
        assert_eq!([60, 61, 119].map(|second| judged(&mut refusals, second, begun)), [Database; 3]);
        assert_eq!(
            judged(&mut refusals, 120, begun),
            Record,
            "no stream of bad records stops the partition for ever"
        );
        refusals.written();
        assert_eq!(
            [130, 131, 140].map(|second| judged(&mut refusals, second, begun)),
            [Database, Database, Record]
        );
    }
}
