use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn window(now: &str) -> Window {
    Window::at(Zone::parse("Asia/Shanghai").unwrap(), at(now), 90)
}

#[test]
fn a_day_is_computed_an_hour_after_its_end() {
    assert_eq!(window("2026-06-10T16:59:59Z").until, at("2026-06-09T16:00:00Z"));
    assert_eq!(window("2026-06-10T17:00:00Z").until, at("2026-06-10T16:00:00Z"));
}

#[test]
fn the_first_day_is_wholly_in_the_history() {
    let window = window("2026-06-10T12:00:00Z");
    // The day 12 March (UTC) is 90 days ago and may be dropped; 13 March is kept.
    assert_eq!(window.kept_since, at("2026-03-13T16:00:00Z"));
    assert!(Window::at(window.zone, at("2026-06-10T12:00:00Z"), 0).kept_since <= window.until);
}

#[test]
fn days_that_were_deleted_earlier_are_not_in_the_history() {
    let window = window("2026-06-10T12:00:00Z");
    let since = |oldest: &str| window.since(oldest.parse().unwrap()).kept_since;
    assert_eq!(since("2026-06-01"), at("2026-06-01T16:00:00Z"), "2 June by the clock of Shanghai");
    assert_eq!(since("2026-01-01"), window.kept_since);
    assert_eq!(since("2026-06-11"), window.until);
}

#[test]
fn a_device_is_computed_from_its_first_touched_day() {
    let window = window("2026-06-10T12:00:00Z");
    let end = at("2026-06-08T16:00:00Z");
    let computed = Some(end);
    assert_eq!(window.begin(None, None), window.kept_since);
    assert_eq!(window.begin(computed, None), end);
    assert_eq!(window.begin(computed, Some(at("2026-06-05T20:00:00Z"))), at("2026-06-05T16:00:00Z"));
    assert_eq!(window.begin(computed, Some(at("2026-06-09T20:00:00Z"))), end);
    assert_eq!(window.begin(computed, Some(at("2020-01-01T00:00:00Z"))), window.kept_since);
    assert_eq!(window.begin(Some(at("2020-01-01T00:00:00Z")), None), window.kept_since);
}
