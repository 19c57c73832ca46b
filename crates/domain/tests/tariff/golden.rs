//! Cases that were calculated by hand.

use crate::build::*;
use chrono::TimeDelta;
use domain::tariffs::{
    ChangeRule, InvalidUsage, MAX_READINGS, OccupancyDraft, PriceBook, PriceList, Reading, Usage,
};
use serde_json::json;

/// A day in Beijing with all four kinds, 尖峰平谷; the valley crosses midnight. The service fee is the
/// same all day.
const BEIJING: [&str; 7] = [
    "23:00-07:00 valley 0.3158 0.8000",
    "07:00-10:00 flat 0.7055 0.8000",
    "10:00-11:00 peak 1.1020 0.8000",
    "11:00-13:00 sharp 1.2345 0.8000",
    "13:00-15:00 peak 1.1020 0.8000",
    "15:00-18:00 flat 0.7055 0.8000",
    "18:00-23:00 peak 1.1020 0.8000",
];

/// In JSON, prices are strings, energies are numbers, and money has its currency. 10 min of valley, 1 kWh: 0.3158 → 0.32
/// and 0.80.
#[test]
fn quotes_and_prices_have_their_json_form() {
    let book = book("CNY", list("Asia/Shanghai", &BEIJING));
    let (start, end) = (instant("2026-11-23T00:00:00+08:00"), instant("2026-11-23T00:10:00+08:00"));
    let quote = book.quote(&place(), &Usage::even(start, end, wh("1000")).unwrap()).unwrap();
    let money = |amount: &str| json!({ "amount": amount, "currency": "CNY" });
    let id = |number: u128| json!(uuid::Uuid::from_u128(number));
    let expected = json!({
        "currency": "CNY",
        "changeRule": "FrozenAtStart",
        "items": [{
            "from": "2026-11-23T00:00:00+08:00",
            "to": "2026-11-23T00:10:00+08:00",
            "tariffId": id(1),
            "version": 1,
            "kind": "valley",
            "tier": 0,
            "electricityPrice": "0.3158",
            "serviceFee": "0.8000",
            "taxPercent": null,
            "energyWh": 1000.0,
            "electricity": money("0.32"),
            "service": money("0.80"),
        }],
        "chargingTime": [],
        "sessionFee": null,
        "occupancy": null,
        "energyWh": 1000.0,
        "taxes": [],
        "totals": {
            "electricity": money("0.32"),
            "service": money("0.80"),
            "chargingTime": money("0.00"),
            "sessionFee": money("0.00"),
            "occupancy": money("0.00"),
            "total": money("1.12"),
            "tax": null,
            "totalWithTax": null,
        },
    });
    assert_eq!(serde_json::to_value(quote).unwrap(), expected);
    let price = json!({
        "at": "2026-11-23T00:00:00+08:00",
        "electricityPrice": "0.3158",
        "serviceFee": "0.8000",
        "pricePerKwh": "1.1158",
        "tiers": [],
        "chargingTime": null,
        "taxPercent": null,
        "currency": "CNY",
        "kind": "valley",
        "tariffId": id(1),
        "version": 1,
        "schedule": 0,
        "band": 0,
        "considered": [{ "bindingId": id(1), "level": "platform", "tariffId": id(1), "outcome": "applies" }],
    });
    assert_eq!(serde_json::to_value(book.price_at(&place(), start).unwrap()).unwrap(), price);
}

fn quote_lines(book: &PriceBook, usage: &Usage) -> (Vec<String>, String) {
    let quote = book.quote(&place(), usage).unwrap();
    (lines(&quote), quote.totals.total.to_string())
}

/// 09:30 to 13:30, 4 h, 60 kWh evenly: 15 kWh an hour, 0.25 kWh a minute.
///
/// - flat   09:30–10:00, 30 min,  7.5 kWh: 7.5 × 0.7055 = 5.29125 → 5.29;  7.5 × 0.8 = 6.00
/// - peak   10:00–11:00, 60 min, 15 kWh:   15 × 1.1020 = 16.53;           15 × 0.8 = 12.00
/// - sharp  11:00–13:00, 120 min, 30 kWh:  30 × 1.2345 = 37.035 → 37.04;  30 × 0.8 = 24.00
/// - peak   13:00–13:30, 30 min,  7.5 kWh: 7.5 × 1.1020 = 8.265 → 8.27;   7.5 × 0.8 = 6.00
///
/// Electricity 5.29 + 16.53 + 37.04 + 8.27 = 67.13, service 48.00, together 115.13.
#[test]
fn a_day_of_four_bands_in_beijing() {
    let book = book("CNY", list("Asia/Shanghai", &BEIJING));
    let usage =
        Usage::even(instant("2026-11-23T09:30:00+08:00"), instant("2026-11-23T13:30:00+08:00"), wh("60000"));
    let (lines, total) = quote_lines(&book, &usage.unwrap());
    assert_eq!(
        lines,
        [
            "23 09:30+08:00/23 10:00+08:00 flat 7500 5.29 6.00",
            "23 10:00+08:00/23 11:00+08:00 peak 15000 16.53 12.00",
            "23 11:00+08:00/23 13:00+08:00 sharp 30000 37.04 24.00",
            "23 13:00+08:00/23 13:30+08:00 peak 7500 8.27 6.00",
        ]
    );
    assert_eq!(total, "115.13 CNY");
}

/// 22:00 to 01:00, 3 h, read by the meter: 20 kWh in the first hour, 12 kWh in the next two.
///
/// - peak   22:00–23:00: 20 kWh: 20 × 1.1020 = 22.04; 20 × 0.8 = 16.00
/// - valley 23:00–01:00: 12 kWh: 12 × 0.3158 = 3.7896 → 3.79; 12 × 0.8 = 9.60
///
/// Midnight is no border: the band is the same on both dates. 22.04 + 16.00 + 3.79 + 9.60 = 51.43.
#[test]
fn a_night_in_a_band_that_crosses_midnight() {
    let book = book("CNY", list("Asia/Shanghai", &BEIJING));
    let reading = |at, register| Reading { at: instant(at), register: wh(register) };
    let usage = Usage::metered(vec![
        reading("2026-12-31T22:00:00+08:00", "1000000"),
        reading("2026-12-31T23:00:00+08:00", "1020000"),
        reading("2027-01-01T01:00:00+08:00", "1032000"),
    ]);
    let (lines, total) = quote_lines(&book, &usage.unwrap());
    assert_eq!(
        lines,
        [
            "31 22:00+08:00/31 23:00+08:00 peak 20000 22.04 16.00",
            "31 23:00+08:00/01 01:00+08:00 valley 12000 3.79 9.60",
        ]
    );
    assert_eq!(total, "51.43 CNY");
}

/// A band that crosses midnight covers the end and the beginning of one date: if the next date has
/// another schedule, that schedule prices the hours after midnight.
///
/// Friday is valley from 22:00 to 06:00 at 0.10, Saturday and Sunday are flat all day at 0.20.
/// Friday 23:00 to Saturday 02:00, 3 kWh evenly: 1 kWh × 0.10 + 2 kWh × 0.20 = 0.10 + 0.40 = 0.50.
#[test]
fn after_midnight_the_schedule_of_the_next_date_applies() {
    let mut weekend = daily(&["00:00-24:00 flat 0.20 0"]);
    weekend.weekdays = Some(vec!["Saturday".to_owned(), "Sunday".to_owned()]);
    let workday = daily(&["22:00-06:00 valley 0.10 0", "06:00-22:00 peak 0.90 0"]);
    let list = PriceList::try_from(draft("Europe/Paris", vec![weekend, workday])).unwrap();
    let usage =
        Usage::even(instant("2026-11-27T23:00:00+01:00"), instant("2026-11-28T02:00:00+01:00"), wh("3000"));
    let (lines, total) = quote_lines(&book("EUR", list), &usage.unwrap());
    assert_eq!(
        lines,
        [
            "27 23:00+01:00/28 00:00+01:00 valley 1000 0.10 0.00",
            "28 00:00+01:00/28 02:00+01:00 flat 2000 0.40 0.00",
        ]
    );
    assert_eq!(total, "0.50 EUR");
}

const NEW_YORK: [&str; 3] =
    ["00:00-02:30 valley 0.10 0.05", "02:30-06:00 flat 0.20 0.05", "06:00-24:00 peak 0.40 0.05"];

/// On 2026-03-08 clocks are set from 02:00 EST to 03:00 EDT, at 07:00 UTC. 02:30 is never shown, so
/// the flat band begins with the jump.
///
/// 01:00 EST (06:00 UTC) to 04:00 EDT (08:00 UTC): 2 h, 10 kWh, 5 kWh an hour.
///
/// - valley 01:00–02:00 EST, 1 h, 5 kWh: 5 × 0.10 = 0.50; 5 × 0.05 = 0.25
/// - flat   03:00–04:00 EDT, 1 h, 5 kWh: 5 × 0.20 = 1.00; 5 × 0.05 = 0.25
///
/// Together 2.00.
#[test]
fn a_night_in_new_york_when_clocks_go_forward() {
    let book = book("USD", list("America/New_York", &NEW_YORK));
    let usage =
        Usage::even(instant("2026-03-08T01:00:00-05:00"), instant("2026-03-08T04:00:00-04:00"), wh("10000"));
    let (lines, total) = quote_lines(&book, &usage.unwrap());
    assert_eq!(
        lines,
        [
            "08 01:00-05:00/08 03:00-04:00 valley 5000 0.50 0.25",
            "08 03:00-04:00/08 04:00-04:00 flat 5000 1.00 0.25",
        ]
    );
    assert_eq!(total, "2.00 USD");
}

/// On 2026-11-01 clocks are set from 02:00 EDT back to 01:00 EST, at 06:00 UTC. The hour from 01:00
/// to 02:00 occurs twice, and has its price both times. With a boundary at 01:30 the bands
/// alternate: valley, flat, valley again, flat again.
///
/// 01:00 EDT (05:00 UTC) to 02:00 EST (07:00 UTC): 2 h, 8 kWh, 2 kWh each half hour: 2 × 0.10 =
/// 0.20 in valley, 2 × 0.20 = 0.40 in flat; no fee for service. Twice 0.20 and twice 0.40 are 1.20.
#[test]
fn a_night_in_new_york_when_clocks_go_back() {
    let bands = ["00:00-01:30 valley 0.10 0", "01:30-24:00 flat 0.20 0"];
    let book = book("USD", list("America/New_York", &bands));
    let usage =
        Usage::even(instant("2026-11-01T01:00:00-04:00"), instant("2026-11-01T02:00:00-05:00"), wh("8000"));
    let (lines, total) = quote_lines(&book, &usage.unwrap());
    assert_eq!(
        lines,
        [
            "01 01:00-04:00/01 01:30-04:00 valley 2000 0.20 0.00",
            "01 01:30-04:00/01 01:00-05:00 flat 2000 0.40 0.00",
            "01 01:00-05:00/01 01:30-05:00 valley 2000 0.20 0.00",
            "01 01:30-05:00/01 02:00-05:00 flat 2000 0.40 0.00",
        ]
    );
    assert_eq!(total, "1.20 USD");
}

fn changing(rule: ChangeRule) -> PriceBook {
    let old = list("Asia/Shanghai", &["00:00-24:00 flat 0.50 0.40"]);
    let mut new = draft("Asia/Shanghai", vec![daily(&["00:00-24:00 flat 0.70 0.45"])]);
    new.session_fee = Some("5".to_owned());
    new.occupancy = Some(OccupancyDraft { price_per_minute: "0.5".to_owned(), grace_minutes: 10, cap: None });
    let new = PriceList::try_from(new).unwrap();
    let versions =
        vec![version(1, "2026-01-01T00:00:00+08:00", old), version(2, "2026-11-23T12:00:00+08:00", new)];
    book_of(tariff(1, "CNY", rule, versions))
}

/// The new version comes into force at 12:00. 11:00 to 13:00, 20 kWh, 10 kWh an hour; unplugged at
/// 13:20:30.
///
/// Frozen at the start, version 1 prices all: 20 × 0.50 = 10.00, 20 × 0.40 = 8.00; it has no fees.
/// Together 18.00.
///
/// By consumption: 10 × 0.50 = 5.00 and 10 × 0.40 = 4.00 by version 1, 10 × 0.70 = 7.00 and 10 ×
/// 0.45 = 4.50 by version 2. The session fee is the one at the start: none. Occupancy is by version
/// 2, in force at 13:00: 20.5 − 10 = 10.5 min, 11 started, × 0.5 = 5.50. Together 5.00 + 4.00 +
/// 7.00 + 4.50 + 5.50 = 26.00.
#[test]
fn a_version_that_comes_in_the_middle_of_a_session() {
    let usage =
        Usage::even(instant("2026-11-23T11:00:00+08:00"), instant("2026-11-23T13:00:00+08:00"), wh("20000"));
    let usage = usage.unwrap().unplugged(instant("2026-11-23T13:20:30+08:00")).unwrap();

    let (lines, total) = quote_lines(&changing(ChangeRule::FrozenAtStart), &usage);
    assert_eq!(lines, ["23 11:00+08:00/23 13:00+08:00 flat 20000 10.00 8.00"]);
    assert_eq!(total, "18.00 CNY");

    let by_consumption = changing(ChangeRule::ByConsumption);
    let (lines, total) = quote_lines(&by_consumption, &usage);
    assert_eq!(
        lines,
        [
            "23 11:00+08:00/23 12:00+08:00 flat 10000 5.00 4.00",
            "23 12:00+08:00/23 13:00+08:00 flat 10000 7.00 4.50",
        ]
    );
    assert_eq!(total, "26.00 CNY");
    let quote = by_consumption.quote(&place(), &usage).unwrap();
    assert_eq!(quote.items.iter().map(|item| item.version).collect::<Vec<_>>(), [1, 2]);
    let occupancy = quote.occupancy.unwrap();
    assert_eq!((occupancy.version, occupancy.charged_minutes), (2, 11));
}

/// Items with the same price remain separate because each names its version. 11:00 to 13:00, 1 kWh
/// an hour, at 0.50: twice 0.50.
#[test]
fn each_item_is_of_one_version() {
    let same = || list("Asia/Shanghai", &["00:00-24:00 flat 0.50 0"]);
    let versions =
        vec![version(1, "2026-01-01T00:00:00Z", same()), version(2, "2026-11-23T12:00:00+08:00", same())];
    let book = book_of(tariff(1, "CNY", ChangeRule::ByConsumption, versions));
    let (start, end) = (instant("2026-11-23T11:00:00+08:00"), instant("2026-11-23T13:00:00+08:00"));
    let quote = book.quote(&place(), &Usage::even(start, end, wh("2000")).unwrap()).unwrap();
    let items: Vec<_> = quote.items.iter().map(|item| (item.version, item.electricity.to_string())).collect();
    assert_eq!(items, [(1, "0.50 CNY".to_owned()), (2, "0.50 CNY".to_owned())]);
    // The timetable shows no difference to drivers.
    assert_eq!(book.timetable(&place(), start, end).unwrap().rows.len(), 1);
}

/// The occupancy fee is 0.30 a minute after 15 minutes, at most 10.00, and the session fee is 1.50.
///
/// - 15 min: nothing.
/// - 15 min 1 s: 1 started minute, 0.30.
/// - 48 min: 33 × 0.30 = 9.90.
/// - 49 min: 34 × 0.30 = 10.20 → 10.00.
#[test]
fn occupancy_is_charged_per_started_minute_after_the_grace_period_up_to_the_cap() {
    let mut terms = draft("Asia/Shanghai", vec![daily(&["00:00-24:00 flat 0 0"])]);
    terms.session_fee = Some("1.50".to_owned());
    let cap = Some("10".to_owned());
    terms.occupancy = Some(OccupancyDraft { price_per_minute: "0.30".to_owned(), grace_minutes: 15, cap });
    let book = book("CNY", PriceList::try_from(terms).unwrap());
    let end = instant("2026-11-23T13:00:00+08:00");
    let usage = Usage::even(instant("2026-11-23T11:00:00+08:00"), end, wh("20000")).unwrap();
    let total = |seconds| {
        let usage = usage.clone().unplugged(end + TimeDelta::seconds(seconds)).unwrap();
        let quote = book.quote(&place(), &usage).unwrap();
        (quote.totals.total.to_string(), quote.occupancy.is_some_and(|occupancy| occupancy.capped))
    };
    assert_eq!(total(15 * 60), ("1.50 CNY".to_owned(), false));
    assert_eq!(total(15 * 60 + 1), ("1.80 CNY".to_owned(), false));
    assert_eq!(total(48 * 60), ("11.40 CNY".to_owned(), false));
    assert_eq!(total(49 * 60), ("11.50 CNY".to_owned(), true));
    // Until the time of unplugging is known, the occupancy fee is open.
    assert_eq!(book.quote(&place(), &usage).unwrap().occupancy, None);
}

#[test]
fn rejects_impossible_meter_readings() {
    let reading = |minute: i64, register: &str| Reading {
        at: instant("2026-11-23T11:00:00Z") + TimeDelta::minutes(minute),
        register: wh(register),
    };
    let metered = |readings: &[(i64, &str)]| {
        Usage::metered(readings.iter().map(|(minute, register)| reading(*minute, register)).collect())
    };
    let at = |minute: i64| reading(minute, "0").at;
    assert_eq!(metered(&[]), Err(InvalidUsage::Count));
    assert_eq!(metered(&[(0, "5")]), Err(InvalidUsage::Count));
    assert_eq!(Usage::metered(vec![reading(0, "5"); MAX_READINGS + 1]), Err(InvalidUsage::Count));
    assert_eq!(metered(&[(0, "5"), (2, "6"), (1, "7")]), Err(InvalidUsage::Backwards { at: at(1) }));
    assert_eq!(metered(&[(0, "5"), (1, "4.999")]), Err(InvalidUsage::Falling { at: at(1) }));
    assert_eq!(metered(&[(0, "5"), (0, "6")]), Err(InvalidUsage::Jump { at: at(0) }));
    let usage = metered(&[(0, "5"), (1, "6"), (1, "6"), (3, "8")]).unwrap();
    assert_eq!(
        [usage.energy_until(at(1)), usage.energy_until(at(2)), usage.energy()],
        [wh("1"), wh("2"), wh("3")]
    );
    assert_eq!([usage.energy_until(at(-1)), usage.energy_until(at(9))], [wh("0"), wh("3")]);
    assert_eq!(usage.unplugged(at(2)), Err(InvalidUsage::UnpluggedEarly));
}

/// No time, no items: only the session fee remains.
#[test]
fn a_session_without_time_costs_its_fee() {
    let mut terms = draft("Asia/Shanghai", vec![daily(&BEIJING)]);
    terms.session_fee = Some("2.345".to_owned());
    let now = instant("2026-11-23T11:00:00Z");
    let book = book("CNY", PriceList::try_from(terms).unwrap());
    let quote = book.quote(&place(), &Usage::even(now, now, wh("0")).unwrap()).unwrap();
    assert_eq!((quote.items.len(), quote.totals.total.to_string()), (0, "2.35 CNY".to_owned()));
}

/// A timetable is merged where nothing changes for the driver: two flat bands that meet at 10:00
/// are one row, and so are valley before and after midnight. Monday 2026-11-23 and Tuesday: valley
/// 00–07, flat 07–23, valley 23–07, flat 07–23, valley 23–24.
#[test]
fn a_timetable_is_merged() {
    let bands = ["23:00-07:00 valley 0.3 0.8", "07:00-10:00 flat 0.7 0.8", "10:00-23:00 flat 0.70 0.80"];
    let book = book("CNY", list("Asia/Shanghai", &bands));
    let zone = domain::tariffs::Zone::parse("Asia/Shanghai").unwrap();
    let rows = book.timetable_of_days(&place(), zone, "2026-11-23".parse().unwrap(), 2).unwrap().rows;
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            format!(
                "{}-{} {}",
                row.from.format("%d %H"),
                row.to.format("%d %H"),
                row.price_per_kwh.normalize()
            )
        })
        .collect();
    assert_eq!(
        rows,
        ["23 00-23 07 1.1", "23 07-23 23 1.5", "23 23-24 07 1.1", "24 07-24 23 1.5", "24 23-25 00 1.1"]
    );
}
