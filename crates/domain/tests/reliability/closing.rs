//! Closing times of stations.

use crate::fixture::{Changes, begin, hour, tally, zone};
use chrono::{DateTime, Utc};
use domain::assets::OpeningHours;
use domain::reliability::{Connection, closed};
use domain::status::ConnectorStatus::{Available, Faulted};
use serde_json::{Value, json};

const HOUR: i64 = 3_600;

fn weekly(periods: &Value) -> OpeningHours {
    serde_json::from_value(json!({ "weekly": periods })).unwrap()
}

/// The closing times in a zone, as texts.
fn times(hours: &OpeningHours, zone_name: &str, from: &str, until: &str) -> Vec<String> {
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let closed = closed(hours, zone(zone_name), at(from), at(until));
    closed
        .iter()
        .map(|time| format!("{} {}", time.from.format("%dT%H:%M"), time.until.format("%dT%H:%M")))
        .collect()
}

#[test]
fn a_station_is_closed_between_its_periods_and_on_days_without_one() {
    // 1 June 2026 is a Monday.
    let hours = weekly(&json!([
        { "weekday": "Monday", "from": "08:00", "to": "12:00" }, { "weekday": "Monday", "from": "14:00", "to": "24:00" },
        { "weekday": "Tuesday", "from": "00:00", "to": "02:00" }, { "weekday": "Thursday", "from": "08:00", "to": "20:00" },
    ]));
    let found = times(&hours, "Etc/UTC", "2026-06-01T00:00:00Z", "2026-06-05T00:00:00Z");
    assert_eq!(found, ["01T00:00 01T08:00", "01T12:00 01T14:00", "02T02:00 04T08:00", "04T20:00 05T00:00"]);
    assert_eq!(times(&hours, "Etc/UTC", "2026-06-01T09:00:00Z", "2026-06-01T11:00:00Z"), [""; 0]);
    assert_eq!(
        times(&hours, "Etc/UTC", "2026-06-01T13:00:00Z", "2026-06-01T15:00:00Z"),
        ["01T13:00 01T14:00"]
    );
    assert_eq!(
        times(&hours, "Etc/UTC", "2026-06-03T05:00:00Z", "2026-06-03T06:00:00Z"),
        ["03T05:00 03T06:00"]
    );
}

#[test]
fn closing_times_follow_the_clock_of_the_zone_when_it_is_set() {
    // Clocks are set forward from 2:00 to 3:00 on Sunday, 29 March 2026.
    let hours = weekly(&json!([
        { "weekday": "Saturday", "from": "08:00", "to": "20:00" }, { "weekday": "Sunday", "from": "08:00", "to": "20:00" },
    ]));
    let found = times(&hours, "Europe/Berlin", "2026-03-28T00:00:00Z", "2026-03-29T20:00:00Z");
    assert_eq!(found, ["28T00:00 28T07:00", "28T19:00 29T06:00", "29T18:00 29T20:00"]);
    let skipped = weekly(&json!([{ "weekday": "Sunday", "from": "02:30", "to": "20:00" }]));
    assert_eq!(
        times(&skipped, "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T10:00:00Z"),
        ["29T00:00 29T01:00"]
    );
}

#[test]
fn a_station_that_is_always_open_is_never_closed() {
    assert_eq!(
        times(&OpeningHours::Always, "Etc/UTC", "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z"),
        [""; 0]
    );
}

#[test]
fn downtime_counts_while_the_station_is_open_and_time_up_always() {
    // Open from 8:00 to 19:00; offline from 6:00 to 9:00, faulted from 18:00 to 22:00.
    let history = Changes::default()
        .status(begin(), 1, Available)
        .connection(hour(6), Connection::Offline)
        .connection(hour(9), Connection::Online)
        .status(hour(18), 1, Faulted)
        .status(hour(22), 1, Available)
        .since(begin());
    let hours = weekly(&json!([{ "weekday": "Monday", "from": "08:00", "to": "19:00" }]));
    let closed = closed(&hours, zone("Asia/Shanghai"), begin(), hour(24));
    let counted = tally(&history, (0, 24), &closed);
    assert_eq!([counted.up_s, counted.offline_s, counted.faulted_s], [17 * HOUR, HOUR, HOUR]);
    assert_eq!(counted.excluded_s, [0, 0, 0, 5 * HOUR]);
    assert_eq!((counted.failures, counted.repairs, counted.mean_repair_s()), (2, 2, Some(HOUR)));
}
