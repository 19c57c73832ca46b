//! Tiers, charging time and tax, calculated by hand.

use crate::build::*;
use domain::tariffs::{ChangeRule, ChargingTimeDraft, OccupancyDraft, PriceList, Reading, Usage};
use serde_json::json;

fn charging_time(price_per_minute: &str, basis: &str) -> Option<ChargingTimeDraft> {
    Some(ChargingTimeDraft { price_per_minute: price_per_minute.to_owned(), basis: basis.to_owned() })
}

/// Peak until 12:00 at 1.00, from 20 kWh on at 1.50; valley after it at 0.50, from 25 kWh on at 0.80
/// and from 35 kWh on at 0.90. Service is 0.10 everywhere.
///
/// 11:00 to 13:00, 20 kWh an hour:
///
/// - peak   11:00–12:00, 20 kWh, up to 20 kWh: 20 × 1.00 = 20.00; 20 × 0.1 = 2.00
/// - valley 12:00–12:15, 5 kWh, up to 25 kWh:  5 × 0.50 = 2.50; 0.50
/// - valley 12:15–12:45, 10 kWh, up to 35 kWh: 10 × 0.80 = 8.00; 1.00
/// - valley 12:45–13:00, 5 kWh, beyond:        5 × 0.90 = 4.50; 0.50
///
/// The second tier of peak begins at exactly 20 kWh, at 12:00, and so prices nothing.
#[test]
fn tiers_count_the_energy_of_the_session_across_bands() {
    let mut day = daily(&[]);
    day.bands = vec![
        tiered("00:00-12:00 peak 1.00 0.1", &["20000 1.50 0.1"]),
        tiered("12:00-24:00 valley 0.50 0.1", &["25000 0.80 0.1", "35000 0.90 0.1"]),
    ];
    let book = book("CNY", PriceList::try_from(draft("Asia/Shanghai", vec![day])).unwrap());
    let usage =
        Usage::even(instant("2026-11-23T11:00:00+08:00"), instant("2026-11-23T13:00:00+08:00"), wh("40000"));
    let quote = book.quote(&place(), &usage.unwrap()).unwrap();
    assert_eq!(
        lines(&quote),
        [
            "23 11:00+08:00/23 12:00+08:00 peak 20000 20.00 2.00",
            "23 12:00+08:00/23 12:15+08:00 valley 5000 2.50 0.50",
            "23 12:15+08:00/23 12:45+08:00 valley 10000 8.00 1.00",
            "23 12:45+08:00/23 13:00+08:00 valley 5000 4.50 0.50",
        ]
    );
    assert_eq!(quote.items.iter().map(|item| item.tier).collect::<Vec<_>>(), [0, 0, 1, 2]);
    assert_eq!(quote.totals.total.to_string(), "39.00 CNY");
    let price = book.price_at(&place(), instant("2026-11-23T11:00:00+08:00")).unwrap();
    assert_eq!(
        serde_json::to_value(price).unwrap()["tiers"],
        json!([{ "aboveWh": 20000.0, "electricityPrice": "1.50", "serviceFee": "0.1" }])
    );
}

/// The threshold of 1 kWh lies between two readings: 0.7 kWh in the first 10 min, 2.1 kWh in the
/// next 9 min. The missing 0.3 kWh flow in 0.3 / 2.1 × 540 s = 77.142857 s, rounded up to a
/// microsecond.
#[test]
fn a_tier_begins_at_exactly_its_threshold_between_two_readings() {
    let mut day = daily(&[]);
    day.bands = vec![tiered("00:00-24:00 flat 1 0", &["1000 2 0"])];
    let book = book("CNY", PriceList::try_from(draft("Asia/Shanghai", vec![day])).unwrap());
    let reading = |at, register| Reading { at: instant(at), register: wh(register) };
    let usage = Usage::metered(vec![
        reading("2026-11-23T11:00:00Z", "500.5"),
        reading("2026-11-23T11:10:00Z", "1200.5"),
        reading("2026-11-23T11:19:00Z", "3300.5"),
    ]);
    let quote = book.quote(&place(), &usage.unwrap()).unwrap();
    let items: Vec<_> = quote.items.iter().map(|item| (item.to.to_utc(), item.energy_wh)).collect();
    assert_eq!(
        items,
        [(instant("2026-11-23T11:11:17.142858Z"), wh("1000")), (instant("2026-11-23T11:19:00Z"), wh("1800")),]
    );
    assert_eq!(quote.totals.total.to_string(), "4.60 CNY");
}

/// From 11:00:00 to 11:30:00.5 with a pause from 11:10 to 11:20, then occupied until 12:00. Per
/// minute 0.30, occupancy is free.
///
/// - all of the session: 1800.5 s, 1801 started, × 0.005 = 9.005 → 9.01
/// - while energy flows: 600 s + 600.5 s = 1200.5 s, 1201 started, × 0.005 = 6.005 → 6.01
#[test]
fn charging_time_counts_started_seconds_with_or_without_pauses_and_no_occupancy() {
    let reading = |at, register| Reading { at: instant(at), register: wh(register) };
    let usage = Usage::metered(vec![
        reading("2026-11-23T11:00:00Z", "0"),
        reading("2026-11-23T11:10:00Z", "1000"),
        reading("2026-11-23T11:20:00Z", "1000"),
        reading("2026-11-23T11:30:00.5Z", "2000"),
    ]);
    let usage = usage.unwrap().unplugged(instant("2026-11-23T12:00:00Z")).unwrap();
    for (basis, seconds, total) in [("session", 1801, "9.01 CNY"), ("energyFlow", 1201, "6.01 CNY")] {
        let mut terms = draft("Asia/Shanghai", vec![daily(&["00:00-24:00 flat 0 0"])]);
        terms.charging_time = charging_time("0.30", basis);
        terms.occupancy =
            Some(OccupancyDraft { price_per_minute: "0".to_owned(), grace_minutes: 0, cap: None });
        let quote = book("CNY", PriceList::try_from(terms).unwrap()).quote(&place(), &usage).unwrap();
        assert_eq!(
            quote.charging_time.iter().map(|item| item.charged_seconds).collect::<Vec<_>>(),
            [seconds]
        );
        assert_eq!(quote.totals.charging_time.to_string(), total);
        assert_eq!(quote.totals.total.to_string(), total);
    }
}

/// Version 2 comes into force at 12:00:00.25 and raises the price per minute from 0.60 to 1.20, in a
/// session from 11:59:00 to 12:01:00: 60.25 s, 61 started, × 0.01 = 0.61, and 59 s × 0.02 = 1.18.
/// Version 1 names no tax and version 2 6 %: 1.18 × 0.06 = 0.0708 → 0.07. Energy is free.
#[test]
fn a_version_that_comes_in_the_middle_prices_the_time_and_the_tax_of_its_part() {
    let terms = |price: &str, tax: Option<&str>| {
        let mut terms = draft("Asia/Shanghai", vec![daily(&["00:00-24:00 flat 0 0"])]);
        terms.charging_time = charging_time(price, "session");
        terms.tax_percent = tax.map(str::to_owned);
        PriceList::try_from(terms).unwrap()
    };
    let versions = vec![
        version(1, "2026-01-01T00:00:00Z", terms("0.60", None)),
        version(2, "2026-11-23T12:00:00.25Z", terms("1.20", Some("6"))),
    ];
    let (start, end) = (instant("2026-11-23T11:59:00Z"), instant("2026-11-23T12:01:00Z"));
    let usage = Usage::even(start, end, wh("2000")).unwrap();
    let mut book = book_of(tariff(1, "CNY", ChangeRule::ByConsumption, versions));
    let quote = book.quote(&place(), &usage).unwrap();
    let items = quote.charging_time.iter();
    let items: Vec<_> =
        items.map(|item| (item.version, item.charged_seconds, item.amount.to_string())).collect();
    assert_eq!(items, [(1, 61, "0.61 CNY".to_owned()), (2, 59, "1.18 CNY".to_owned())]);
    let tax = &quote.taxes[0];
    assert_eq!((tax.net.to_string(), tax.tax.to_string()), ("1.18 CNY".to_owned(), "0.07 CNY".to_owned()));
    assert_eq!(quote.totals.total_with_tax.unwrap().to_string(), "1.86 CNY");

    // Frozen at the start, version 1 prices all: 120 s × 0.01 = 1.20, without tax.
    book.tariffs[0].details.change_rule = ChangeRule::FrozenAtStart;
    let quote = book.quote(&place(), &usage).unwrap();
    assert_eq!((quote.totals.total.to_string(), quote.totals.tax), ("1.20 CNY".to_owned(), None));
}

/// 13 % on 3 × 0.33 + 1.05 = 2.04: 0.2652 → 0.27, on the sum. By the line it would be 0.04 + 0.04 +
/// 0.04 + 0.14 = 0.26.
///
/// A rate of 0 % is shown as a tax of nothing, other than no rate.
#[test]
fn tax_is_rounded_once_on_the_total() {
    let bands = ["00:00-01:00 valley 0.33 0", "01:00-02:00 flat 0.33 0", "02:00-24:00 peak 0.33 0"];
    let mut terms = draft("Asia/Shanghai", vec![daily(&bands)]);
    terms.session_fee = Some("1.05".to_owned());
    let quote = |tax: &str| {
        let mut terms = terms.clone();
        terms.tax_percent = Some(tax.to_owned());
        let (start, end) = (instant("2026-11-23T00:00:00+08:00"), instant("2026-11-23T03:00:00+08:00"));
        let usage = Usage::even(start, end, wh("3000")).unwrap();
        book("CNY", PriceList::try_from(terms).unwrap()).quote(&place(), &usage).unwrap()
    };
    let taxed = serde_json::to_value(quote("13.0")).unwrap();
    let money = |amount: &str| json!({ "amount": amount, "currency": "CNY" });
    assert_eq!(taxed["taxes"], json!([{ "percent": "13.0", "net": money("2.04"), "tax": money("0.27") }]));
    assert_eq!(
        [&taxed["totals"]["total"], &taxed["totals"]["tax"], &taxed["totals"]["totalWithTax"]],
        [&money("2.04"), &money("0.27"), &money("2.31")]
    );
    let free = quote("0").totals;
    assert_eq!(
        (free.tax.unwrap().to_string(), free.total_with_tax.unwrap().to_string()),
        ("0.00 CNY".to_owned(), "2.04 CNY".to_owned())
    );
}
