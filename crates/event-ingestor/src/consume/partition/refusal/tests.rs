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
