use super::*;

fn read(raw: &str) -> String {
    match from_text(raw) {
        Ok(Some(time)) => time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        Ok(None) => "none".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_form_of_the_contract_is_read() {
    assert_eq!(read("2024-08-03T08:29:59Z"), "2024-08-03T08:29:59Z");
    assert_eq!(read("2024-08-03T16:29:59.123456789+08:00"), "2024-08-03T08:29:59.123456Z");
    assert_eq!(read("2024-08-03t08:29:59.5z"), "2024-08-03T08:29:59.500Z");
    assert_eq!(read("2024-08-03T08:29:59"), "2024-08-03T08:29:59Z");
    assert_eq!(read("2026-11-28 14:22:19+02"), "2026-11-28T12:22:19Z");
    assert_eq!(read("1722673799000"), "2024-08-03T08:29:59Z");
    assert_eq!(read(" "), "none");
}

#[test]
fn accepts_the_times_of_wrong_clocks() {
    assert_eq!(read("0"), "1970-01-01T00:00:00Z");
    assert_eq!(read("1970-01-01T00:00:00+08:00"), "1969-12-31T16:00:00Z");
    assert_eq!(read("2099-01-01T00:00:00Z"), "2099-01-01T00:00:00Z");
}

#[test]
fn gos_zero_time_is_absent() {
    assert_eq!(read("0001-01-01T00:00:00Z"), "none");
    assert_eq!(read("-62135596800000"), "none");
}

#[test]
fn rejects_an_invalid_time() {
    let range = "must be a time between the years 1900 and 9999";
    assert_eq!(read("yesterday"), r#"must be a time, not "yesterday""#);
    assert_eq!(read("9223372036854775807"), range);
    assert_eq!(read("-9223372036854775808"), range);
    assert_eq!(read("0001-01-02T00:00:00Z"), range);
    assert_eq!(read("9999-12-31T23:59:59-01:00"), range);
    assert!(from_millis(i128::MAX).is_err());
    let timestamp = |seconds, nanos| from_timestamp(&prost_types::Timestamp { seconds, nanos });
    assert!(timestamp(i64::MAX, 0).is_err());
    assert!(timestamp(0, -1).is_err());
    assert!(timestamp(0, i32::MAX).is_err());
}

#[test]
fn a_leap_second_is_the_next_second() {
    assert_eq!(read("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00Z");
}
