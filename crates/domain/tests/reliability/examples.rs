//! The worked examples of `docs/reliability.md`.

use crate::fixture::{Changes, begin, connector, exclusion, hour, tally, zone};
use chrono::TimeDelta;
use domain::reliability::{
    Connection, Day, Exclusion, ExclusionReason, OpenFailure, Profile, Tally, Timeline,
};
use domain::status::ConnectorStatus::{Available, Charging, Faulted, Unavailable};

const HOUR: i64 = 3_600;

fn percents(tally: &Tally) -> [Option<f64>; 2] {
    Profile::ALL.map(|profile| profile.uptime(tally).percent())
}

/// A year of one port as 23 CFR 680.116(b)(3) counts it: 525,600 minutes, outages of 20,000 minutes, of
/// which 5,000 are excluded.
#[test]
fn nevi_of_a_year_is_the_equation_of_the_regulation() {
    let minutes = |number: i64| number * 60;
    let year = Tally {
        up_s: minutes(525_600 - 20_000),
        faulted_s: minutes(12_000),
        offline_s: minutes(3_000),
        excluded_s: [0, minutes(5_000), 0, 0],
        ..Tally::default()
    };
    let equation = (525_600.0 - (20_000.0 - 5_000.0)) / 525_600.0 * 100.0;
    let [nevi, availability] = percents(&year);
    assert_eq!(nevi, Some(97.1461));
    assert!((nevi.unwrap() - equation).abs() < 0.000_1, "{equation}");
    // 505,600 of 520,600 minutes.
    assert_eq!(availability, Some(97.1187));
}

/// June of one connector, 720 hours: faulted for 8 hours, offline for 8 hours because of the grid, and
/// unavailable for 4 hours of maintenance.
fn june() -> (Changes, [Exclusion; 2]) {
    let changes = Changes::default()
        .status(begin() - TimeDelta::days(9), 1, Available)
        .status(hour(10), 1, Faulted)
        .status(hour(18), 1, Available)
        .connection(hour(100), Connection::Offline)
        .connection(hour(108), Connection::Online)
        .status(hour(200), 1, Unavailable)
        .status(hour(204), 1, Available);
    let grid = exclusion(hour(99), hour(109), ExclusionReason::Grid);
    let maintenance = exclusion(hour(200), hour(204), ExclusionReason::Maintenance);
    (changes, [grid, maintenance])
}

#[test]
fn both_profiles_of_a_month_with_exclusions() {
    let (changes, exclusions) = june();
    let history = changes.since(begin());
    let bare = tally(&history, (0, 720), &[]);
    assert_eq!([bare.up_s, bare.down_s(), bare.total_s()], [700 * HOUR, 20 * HOUR, 720 * HOUR]);
    assert_eq!(percents(&bare), [Some(97.2222), Some(97.2222)]);
    let counted = tally(&history, (0, 720), &exclusions);
    assert_eq!(counted.excluded_s, [4 * HOUR, 8 * HOUR, 0, 0], "time up is not excluded");
    // 712 of 720 hours, and 700 of 708.
    assert_eq!(percents(&counted), [Some(98.8888), Some(98.8700)]);
}

#[test]
fn the_mean_time_to_repair_leaves_excluded_failures_out() {
    let (changes, exclusions) = june();
    let history = changes.since(begin());
    let bare = tally(&history, (0, 720), &[]);
    assert_eq!((bare.failures, bare.repairs, bare.mean_repair_s()), (3, 3, Some(20 * HOUR / 3)));
    let counted = tally(&history, (0, 720), &exclusions);
    assert_eq!((counted.failures, counted.repairs, counted.mean_repair_s()), (1, 1, Some(8 * HOUR)));
}

#[test]
fn a_failure_over_midnight_begins_on_one_day_and_is_repaired_on_the_next() {
    let changes = Changes::default()
        .status(hour(0), 1, Available)
        .status(hour(20), 1, Faulted)
        .connection(hour(30), Connection::Offline)
        .connection(hour(32), Connection::Online)
        .status(hour(32), 1, Available);
    let timeline = changes.since(begin()).timeline(connector(1));
    let mut open = OpenFailure::default();
    let mut of_day = |day: i64| {
        let (tally, left) = timeline.tally(hour(24 * day), hour(24 * day + 24), &[], open);
        open = left;
        (tally.failures, tally.repairs, tally.repair_s)
    };
    assert_eq!([of_day(0), of_day(1)], [(1, 0, 0), (0, 1, 12 * HOUR)]);
}

#[test]
fn a_doubtful_device_is_unknown_and_the_whole_device_counts() {
    let changes = Changes::default()
        .status(hour(0), 1, Charging)
        .connection(hour(1), Connection::Doubtful)
        .connection(hour(3), Connection::Online)
        .status(hour(4), 0, Faulted)
        .status(hour(5), 0, Available);
    let counted = tally(&changes.since(begin()), (0, 10), &[]);
    assert_eq!([counted.unknown_s, counted.faulted_s, counted.up_s], [2 * HOUR, HOUR, 7 * HOUR]);
    // 7 of 10 hours, and 7 of 8.
    assert_eq!(percents(&counted), [Some(70.0), Some(87.5)]);
}

#[test]
fn a_connector_counts_from_its_first_report() {
    let changes = Changes::default().status(hour(6), 1, Available);
    assert_eq!(tally(&changes.since(begin()), (0, 24), &[]).total_s(), 18 * HOUR);
    let none = tally(&Changes::default().since(begin()), (0, 24), &[]);
    assert_eq!(percents(&none), [None, None]);
}

#[test]
fn a_connector_without_changes_has_its_current_status() {
    let changes = Changes::default().status(begin() - TimeDelta::days(200), 1, Faulted);
    assert_eq!(tally(&changes.since(begin()), (0, 24), &[]).faulted_s, 24 * HOUR);
}

#[test]
fn the_hours_of_a_day_follow_the_clock() {
    let of = |name: &str, from: &str, until: &str| -> Vec<i64> {
        let days = Day::split(zone(name), from.parse().unwrap(), until.parse().unwrap());
        days.iter().map(|day| (day.until - day.from).num_hours()).collect()
    };
    // Clocks are set forward on 29 March 2026 and back on 25 October 2026.
    assert_eq!(of("Europe/Berlin", "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z"), [24, 23, 24]);
    assert_eq!(of("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-26T23:00:00Z"), [25, 24]);
    assert_eq!(of("Asia/Shanghai", "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"), [16, 8]);
}

#[test]
fn several_exclusions_of_one_time_count_once() {
    let changes = Changes::default().status(hour(0), 1, Faulted);
    let timeline: Timeline = changes.since(begin()).timeline(connector(1));
    let vandalism = exclusion(hour(0), hour(4), ExclusionReason::Vandalism);
    let grid = exclusion(hour(2), hour(6), ExclusionReason::Grid);
    let other =
        Exclusion { connector: Some(connector(2)), ..exclusion(hour(0), hour(24), ExclusionReason::Grid) };
    for exclusions in [[vandalism, grid, other], [other, grid, vandalism]] {
        let (counted, _) = timeline.tally(hour(0), hour(24), &exclusions, OpenFailure::default());
        assert_eq!(counted.excluded_s, [0, 4 * HOUR, 2 * HOUR, 0]);
        assert_eq!(counted.faulted_s, 18 * HOUR);
    }
}
