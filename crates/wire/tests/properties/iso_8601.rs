//! A time in any form of ISO 8601 is read as the written instant.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use domain::event::GatewayEvent;
use proptest::prelude::*;
use proptest::sample::select;
use wire::{RawRecord, decode};

/// A time in any of the forms, and its instant.
pub fn text() -> impl Strategy<Value = (String, DateTime<Utc>)> {
    let local =
        (0..4_102_444_800_i64).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap().naive_utc());
    let forms =
        (any::<bool>(), select(vec!["T", "t", " "]), select(vec!["", ".5", ",25", ",123456"]), 0..3_u8);
    (local, forms, offset()).prop_map(
        |(local, (is_basic, separator, fraction, precision), (offset, behind))| {
            let (date, time) = (if is_basic { "%Y%m%d" } else { "%Y-%m-%d" }, time_form(is_basic, precision));
            let written = local.format(&format!("{date}{separator}{time}")).to_string();
            let whole = NaiveDateTime::parse_from_str(&local.format(rounded(precision)).to_string(), "%F %T")
                .unwrap();
            let (fraction, more) = if precision == 0 { (fraction, micros(fraction)) } else { ("", 0) };
            let instant = whole.and_utc() - behind + TimeDelta::microseconds(more);
            (format!("{written}{fraction}{offset}"), instant)
        },
    )
}

/// A written offset, and its difference to UTC.
fn offset() -> impl Strategy<Value = (String, TimeDelta)> {
    let utc = select(vec!["", "Z", "z"]).prop_map(|utc| (utc.to_owned(), TimeDelta::zero()));
    let other = (-14..=14_i64, select(vec![0, 30, 45_i64]), 0..3_u8).prop_map(|(hours, minutes, form)| {
        let minutes = if form == 0 { 0 } else { minutes };
        let sign = if hours < 0 { '-' } else { '+' };
        let (digits, total) = (hours.abs(), hours.abs() * 60 + minutes);
        let text = match form {
            0 => format!("{sign}{digits:02}"),
            1 => format!("{sign}{digits:02}{minutes:02}"),
            _ => format!("{sign}{digits:02}:{minutes:02}"),
        };
        (text, TimeDelta::minutes(if hours < 0 { -total } else { total }))
    });
    prop_oneof![utc, other]
}

fn time_form(is_basic: bool, precision: u8) -> &'static str {
    match (is_basic, precision) {
        (true, 0) => "%H%M%S",
        (false, 0) => "%H:%M:%S",
        (true, 1) => "%H%M",
        (false, 1) => "%H:%M",
        _ => "%H",
    }
}

fn rounded(precision: u8) -> &'static str {
    match precision {
        0 => "%F %T",
        1 => "%F %H:%M:00",
        _ => "%F %H:00:00",
    }
}

fn micros(fraction: &str) -> i64 {
    match fraction {
        ".5" => 500_000,
        ",25" => 250_000,
        ",123456" => 123_456,
        _ => 0,
    }
}

fn claimed(json: &serde_json::Value) -> Option<DateTime<Utc>> {
    let event: GatewayEvent = decode(&RawRecord::json(json.to_string().as_bytes())).unwrap();
    event.claimed_at
}

proptest! {
    #[test]
    fn a_time_is_read_in_every_form((text, instant) in text()) {
        let event = serde_json::json!({
            "eventType": "charge_point.heartbeat", "chargePointId": "CP-1", "timestamp": text,
        });
        prop_assert_eq!(claimed(&event), Some(instant), "{}", text);
    }
}
