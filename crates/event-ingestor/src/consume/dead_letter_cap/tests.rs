use super::{Admission, DeadLetterCap, MINUTE, OmittedRange};
use std::time::{Duration, Instant};

#[test]
fn omits_what_is_beyond_the_cap_until_the_minute_is_over() {
    let (cap, now) = (DeadLetterCap::new(2), Instant::now());
    assert_eq!([cap.admit(now), cap.admit(now)], [Admission::Whole; 2]);
    let last = now + MINUTE - Duration::from_millis(1);
    assert_eq!([cap.admit(now), cap.admit(last)], [Admission::Omitted { minute: 1 }; 2]);
    let next = now + MINUTE;
    assert_eq!([cap.admit(next), cap.admit(next)], [Admission::Whole; 2]);
    assert_eq!(cap.admit(next), Admission::Omitted { minute: 2 }, "each minute has its own number");
}

#[test]
fn a_minute_begins_with_its_first_record() {
    let (cap, now) = (DeadLetterCap::new(1), Instant::now());
    assert_eq!(cap.admit(now), Admission::Whole);
    let late = now + MINUTE * 5 + Duration::from_secs(30);
    assert_eq!(cap.admit(late), Admission::Whole);
    assert_eq!(cap.admit(late + MINUTE - Duration::from_secs(1)), Admission::Omitted { minute: 2 });
}

#[test]
fn a_range_counts_the_records_of_its_minute() {
    let mut range = OmittedRange::default();
    let counted = |range: OmittedRange| (range.first_offset, range.records);
    assert_eq!(counted(range.extend(1, 10)), (10, 1));
    assert_eq!(counted(range.extend(1, 17)), (10, 2));
    assert_eq!(counted(range.extend(2, 20)), (20, 1), "another minute is another range");
}
