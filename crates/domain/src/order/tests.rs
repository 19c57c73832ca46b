use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

#[test]
fn an_implausible_clock_is_not_trusted() {
    let appended = at(0);
    assert_eq!(plausible_time(Some(at(60)), appended), Some(at(60)));
    assert_eq!(plausible_time(Some(at(61)), appended), None);
    assert_eq!(plausible_time(Some(at(-7 * 86_400)), appended), Some(at(-7 * 86_400)));
    assert_eq!(plausible_time(Some(at(-7 * 86_400 - 1)), appended), None);
    assert_eq!(plausible_time(DateTime::from_timestamp(0, 0), appended), None);
    assert_eq!(plausible_time(Some(DateTime::<Utc>::MAX_UTC), appended), None);
    assert_eq!(plausible_time(Some(DateTime::<Utc>::MIN_UTC), appended), None);
    assert_eq!(plausible_time(None, appended), None);
}

#[test]
fn of_equal_times_the_later_record_is_newer() {
    let stamp = |offset, appended| {
        Stamp::new(Some(at(0)), &RecordPosition { partition: 3, offset, appended_at: at(appended) })
    };
    assert!(stamp(8, 0) > stamp(7, 0));
    assert!(stamp(1, 2) > stamp(9, 1));
}

#[test]
fn a_status_takes_effect_with_its_record_unless_it_is_late() {
    let effective = |claimed, appended| {
        let position = RecordPosition { partition: 0, offset: 0, appended_at: at(appended) };
        Stamp::new(Some(at(claimed)), &position).effective_at()
    };
    assert_eq!(effective(100, 100), at(100));
    assert_eq!(effective(80, 100), at(100), "the clock is 20 s behind");
    assert_eq!(effective(150, 100), at(100), "the clock is ahead");
    assert_eq!(effective(-500, 100), at(-440), "the event waited for ten minutes");
    assert_eq!(effective(-700_000, 100), at(100), "the clock is implausible");
}

#[test]
fn bounds_the_append_time_by_earlier_records_and_the_time_of_reading() {
    let mut clock = AppendClock::default();
    assert_eq!(clock.appended_at(at(2_500), at(99)), at(99), "only the time of reading is known");
    assert_eq!(clock.appended_at(at(100), at(101)), at(100));
    assert_eq!(clock.appended_at(at(2_500), at(110)), at(100), "the pod's clock is 40 minutes ahead");
    assert_eq!(clock.appended_at(at(103), at(110)), at(103), "the clock is right");
    assert_eq!(clock.appended_at(at(102), at(110)), at(102), "the record was overtaken");
    assert_eq!(clock.appended_at(at(-780), at(110)), at(103), "the pod's clock is 15 minutes behind");
    assert_eq!(clock.appended_at(at(102), at(110)), at(103), "no earlier than the replacement");
    clock.caught_up(at(120));
    assert_eq!(clock.appended_at(at(-780), at(121)), at(120));
    assert_eq!(clock.appended_at(at(-90_000), at(122)), at(-90_000), "a copy of another topic's record");
    assert_eq!(clock.appended_at(at(123), at(123)), at(123));
}
