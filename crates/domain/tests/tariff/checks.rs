//! The findings of a check, with their paths.

use crate::build::*;
use domain::tariffs::{ChargingTimeDraft, Currency, OccupancyDraft, PriceList, PriceListDraft, SeasonDraft};

/// The findings, each as `path: message`, in order.
fn findings(draft: &PriceListDraft) -> Vec<String> {
    let found = draft.check(Currency::parse("CNY").unwrap()).unwrap_err();
    found.0.iter().map(|finding| format!("{}: {}", finding.path, finding.message)).collect()
}

fn of_bands(bands: &[&str]) -> Vec<String> {
    findings(&draft("Asia/Shanghai", vec![daily(bands)]))
}

#[test]
fn all_errors_are_found_at_once() {
    let mut summer =
        daily(&["00:00-25:00 sharp 0.5 0.5", "12:00-12:00 dear -0.5 1e3", "24:00-01:00 flat 101 0.1234567"]);
    summer.seasons = Some(vec![SeasonDraft { from: "02-30".to_owned(), to: "7-1".to_owned() }]);
    summer.weekdays = Some(vec!["Monday".to_owned(), "Mon".to_owned(), "Monday".to_owned()]);
    summer.holiday = Some(true);
    let mut last = daily(&[]);
    last.weekdays = Some(vec![]);
    let mut draft = draft("Beijing", vec![summer, daily(&["00:00-24:00 flat 1 0"]), last]);
    draft.session_fee = Some("10001".to_owned());
    let cap = Some("x".to_owned());
    draft.occupancy = Some(OccupancyDraft { price_per_minute: "-1".to_owned(), grace_minutes: 1441, cap });
    const DECIMAL: &str = "must be a decimal number as a string, with at most 9 digits before the decimal point and 6 after it, such as \"0.8765\"";
    const TIME: &str = "a time of day must be written as HH:MM, from 00:00 to 24:00";
    const DAY: &str = "a day of the year must be written as MM-DD, from 01-01 to 12-31";
    assert_eq!(
        findings(&draft),
        [
            "timeZone: must be the name of an IANA time zone, such as Asia/Shanghai",
            "schedules[0].holiday: requires holidays, but the price list has none",
            &format!("schedules[0].seasons[0].from: {DAY}"),
            &format!("schedules[0].seasons[0].to: {DAY}"),
            "schedules[0].weekdays[1]: must be a day of the week, such as Monday",
            "schedules[0].weekdays[2]: is listed twice",
            &format!("schedules[0].bands[0].to: {TIME}"),
            "schedules[0].bands[1].to: must differ from the start; a whole day is from 00:00 to 24:00",
            "schedules[0].bands[1].kind: must be sharp, peak, flat or valley",
            "schedules[0].bands[1].electricityPrice: must not be negative",
            &format!("schedules[0].bands[1].serviceFee: {DECIMAL}"),
            "schedules[0].bands[2].from: must be before 24:00; a day begins at 00:00",
            "schedules[0].bands[2].electricityPrice: must be at most 100; check the decimal point",
            &format!("schedules[0].bands[2].serviceFee: {DECIMAL}"),
            "schedules[1]: must have a condition; without one, the schedules after it never apply",
            "schedules[2]: must have no conditions, because the last schedule must apply to every remaining date",
            "schedules[2].weekdays: must have 1 to 7 entries",
            "schedules[2].bands: must have 1 to 96 entries",
            "sessionFee: must be at most 10000; check the decimal point",
            "occupancy.pricePerMinute: must not be negative",
            "occupancy.graceMinutes: must be from 0 to 1440",
            &format!("occupancy.cap: {DECIMAL}"),
        ]
    );
}

#[test]
fn errors_in_tiers_charging_time_and_tax_are_found() {
    let mut day = daily(&[]);
    let tiers = ["0 1 1", "20000 1 1", "20000 1 1", "10000 101 x", "1000000001 1 1", "30000 1 1"].as_slice();
    day.bands = vec![tiered("00:00-12:00 flat 1 1", tiers), tiered("12:00-24:00 flat 1 1", &[])];
    let mut wrong = draft("Asia/Shanghai", vec![day]);
    wrong.charging_time =
        Some(ChargingTimeDraft { price_per_minute: "101".to_owned(), basis: "always".to_owned() });
    wrong.tax_percent = Some("13%".to_owned());
    let tier = |index: usize, rest: &str| format!("schedules[0].bands[0].tiers[{index}].{rest}");
    assert_eq!(
        findings(&wrong),
        [
            tier(0, "aboveWh: must be from 1 to 1000000000"),
            tier(2, "aboveWh: must be greater than that of the tier before"),
            tier(3, "aboveWh: must be greater than that of the tier before"),
            tier(3, "electricityPrice: must be at most 100; check the decimal point"),
            tier(3, "serviceFee: must be a decimal number as a string, with at most 9 digits before the decimal point and 6 after it, such as \"0.8765\""),
            tier(4, "aboveWh: must be from 1 to 1000000000"),
            tier(5, "aboveWh: must be greater than that of the tier before"),
            "schedules[0].bands[1].tiers: must have 1 to 8 entries".to_owned(),
            "chargingTime.pricePerMinute: must be at most 100; check the decimal point".to_owned(),
            "chargingTime.basis: must be session or energyFlow".to_owned(),
            "taxPercent: must be a percentage from 0 to 100 as a string, with at most 4 digits after the decimal point, such as \"13\"".to_owned(),
        ]
    );
    let nine: Vec<_> = (1..=9).map(|kwh| format!("{kwh}000 1 1")).collect();
    let nine: Vec<_> = nine.iter().map(String::as_str).collect();
    let mut day = daily(&[]);
    day.bands = vec![tiered("00:00-24:00 flat 1 1", &nine)];
    let many = draft("Asia/Shanghai", vec![day]);
    assert_eq!(findings(&many), ["schedules[0].bands[0].tiers: must have 1 to 8 entries"]);
}

#[test]
fn gaps_and_overlaps_are_found_with_their_times() {
    let found = of_bands(&["22:00-06:00 valley 1 1", "05:00-07:00 flat 1 1", "08:00-22:30 peak 1 1"]);
    assert_eq!(
        found,
        [
            "schedules[0].bands[1]: overlaps bands[0] from 05:00 to 06:00",
            "schedules[0].bands[2]: overlaps bands[0] from 22:00 to 22:30",
            "schedules[0].bands: no band from 07:00 to 08:00",
        ]
    );
    let found = of_bands(&["00:01-12:00 flat 1 1", "12:00-23:59 flat 1 1"]);
    assert_eq!(
        found,
        [
            "schedules[0].bands: no band from 00:00 to 00:01",
            "schedules[0].bands: no band from 23:59 to 24:00"
        ]
    );
}

#[test]
fn a_band_within_another_leaves_no_gap() {
    let found = of_bands(&["00:00-12:00 valley 1 1", "01:00-02:00 flat 1 1", "12:00-24:00 peak 1 1"]);
    assert_eq!(found, ["schedules[0].bands[1]: overlaps bands[0] from 01:00 to 02:00"]);
}

#[test]
fn there_are_at_most_96_bands_16_schedules_and_400_holidays() {
    let quarter = |index: u16, step: u16| {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        format!("{}-{} flat 1 1", clock(index * step), clock((index + 1) * step))
    };
    let quarters: Vec<_> = (0..96).map(|index| quarter(index, 15)).collect();
    let quarters: Vec<_> = quarters.iter().map(String::as_str).collect();
    PriceList::try_from(draft("Asia/Shanghai", vec![daily(&quarters)])).unwrap();
    let minutes: Vec<_> = (0..97).map(|index| quarter(index, 1)).collect();
    let minutes: Vec<_> = minutes.iter().map(String::as_str).collect();
    assert_eq!(of_bands(&minutes), ["schedules[0].bands: must have 1 to 96 entries"]);
    let many = draft("Asia/Shanghai", vec![daily(&["00:00-24:00 flat 1 1"]); 17]);
    assert_eq!(findings(&many), ["schedules: must have 1 to 16 entries"]);
    let mut holidays = draft("Asia/Shanghai", vec![daily(&["00:00-24:00 flat 1 1"])]);
    holidays.holidays = Some(vec!["2026-10-01".to_owned(); 401]);
    assert_eq!(findings(&holidays), ["holidays: must have 0 to 400 entries"]);
    holidays.holidays =
        Some(["2026-10-01", "2026-02-29", "2026-10-01", "2026-1-1"].map(str::to_owned).to_vec());
    assert_eq!(
        findings(&holidays),
        [
            "holidays[1]: must be a date, written as YYYY-MM-DD",
            "holidays[2]: is listed twice",
            "holidays[3]: must be a date, written as YYYY-MM-DD",
        ]
    );
}

#[test]
fn a_price_is_implausible_only_for_its_currency() {
    let draft = draft("Asia/Tokyo", vec![daily(&["00:00-24:00 flat 120 0"])]);
    assert!(draft.check(Currency::parse("JPY").unwrap()).is_ok());
    assert!(draft.check(Currency::parse("CNY").unwrap()).is_err());
    assert!(PriceList::try_from(draft).is_ok());
}

#[test]
fn rejects_unknown_fields_and_zones() {
    let written = r#"{ "timeZone": "Asia/Shanghai", "schedules": [], "discount": "0.1" }"#;
    assert!(serde_json::from_str::<PriceListDraft>(written).unwrap_err().to_string().contains("discount"));
    let written = r#"{ "timeZone": "Nowhere", "schedules": [] }"#;
    let error = serde_json::from_str::<PriceList>(written).unwrap_err().to_string();
    assert_eq!(
        error,
        "timeZone: must be the name of an IANA time zone, such as Asia/Shanghai; schedules: must have 1 to 16 entries"
    );
}
