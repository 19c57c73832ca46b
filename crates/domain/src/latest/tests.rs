use super::*;
use crate::order::RecordPosition;
use chrono::TimeDelta;

/// A report that claims `claimed` seconds and was sent at `sent` seconds.
fn report(event: i64, claimed: i64, sent: i64) -> Report<i64> {
    let at =
        |seconds| DateTime::from_timestamp(1_790_000_000, 0).map(|from| from + TimeDelta::seconds(seconds));
    let position = RecordPosition { partition: 0, offset: event, appended_at: at(sent).unwrap_or_default() };
    Report { stamp: Stamp::new(at(claimed), &position), event: EventKey(event), value: event }
}

#[test]
fn a_copy_overtakes_nothing_that_the_previous_release_stored() {
    let mut latest = Latest::restore(report(2, 20, 20), vec![report(6, 20, 19)]);
    assert_eq!(
        latest.offer(report(6, 20, 24)),
        Merged::Known,
        "the previous release remembers the reports of one instant"
    );
    assert_eq!(latest.offer(report(1, 10, 25)), Merged::Stale, "a copy of an earlier report");
    assert_eq!(latest.offer(report(3, 30, 30)), Merged::Changed);
    assert_eq!(latest.offer(report(1, 10, 35)), Merged::Stale);
    assert!(!Latest::restore(latest.newest().clone(), latest.memory()).is_whole);
    assert_eq!(latest.offer(report(4, 200, 200)), Merged::Changed);
    assert!(Latest::restore(latest.newest().clone(), latest.memory()).is_whole, "no copy arrives that late");
    assert_eq!(latest.offer(report(5, 190, 201)), Merged::Changed, "the clock was set back");
}
