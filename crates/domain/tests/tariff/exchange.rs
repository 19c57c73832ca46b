//! Versions in the formats of other platforms.

use crate::build::*;
use domain::tariffs::ocpi::{self, Header, Horizon};
use domain::tariffs::tcec;
use domain::tariffs::{
    ChangeRule, ChargingTimeDraft, OccupancyDraft, PriceList, PriceListDraft, SeasonDraft, Tariff,
};
use serde_json::{Value, json};

fn header() -> Header {
    Header::parse("CN", "EVC", "tariff-1", instant("2026-11-01T08:00:00.987Z")).unwrap()
}

fn of(draft: PriceListDraft) -> Tariff {
    let list = PriceList::try_from(draft).unwrap();
    tariff(1, "CNY", ChangeRule::default(), vec![version(1, "2026-11-30T16:00:00Z", list)])
}

#[test]
fn an_ocpi_tariff_ends_when_the_next_version_comes() {
    let tariff = seasonal();
    let end = |superseded_at: &str| {
        let horizon = Horizon::parse("2026-12-01".parse().unwrap(), 62);
        let object =
            ocpi::object(&header(), &tariff, &tariff.versions[0], Some(instant(superseded_at)), horizon);
        serde_json::to_value(object.unwrap()).unwrap()["end_date_time"].clone()
    };
    assert_eq!(end("2027-01-20T00:00:00Z"), "2027-01-20T00:00:00Z");
    assert_eq!(end("2027-03-01T00:00:00Z"), "2027-01-31T16:00:00Z");
}

fn exported(tariff: &Tariff, horizon: Option<Horizon>) -> Result<Value, ocpi::Inexpressible> {
    let object = ocpi::object(&header(), tariff, &tariff.versions[0], None, horizon)?;
    Ok(serde_json::to_value(object).unwrap())
}

fn energy(price: f64, restrictions: Value) -> Value {
    let mut element = json!({ "price_components": [{ "type": "ENERGY", "price": price, "step_size": 1 }] });
    element["restrictions"] = restrictions;
    element
}

#[test]
fn a_version_is_an_ocpi_tariff() {
    let mut weekend = daily(&["00:00-24:00 flat 0.5 0.25"]);
    weekend.weekdays = Some(vec!["Sunday".to_owned(), "Saturday".to_owned()]);
    let workday = daily(&["22:00-06:00 valley 0.3158 0.8", "06:00-22:00 peak 1.1020 0.8"]);
    let mut terms = draft("Asia/Shanghai", vec![weekend, workday]);
    terms.session_fee = Some("1.5".to_owned());
    terms.occupancy =
        Some(OccupancyDraft { price_per_minute: "0.25".to_owned(), grace_minutes: 0, cap: None });
    let expected = json!({
        "country_code": "CN",
        "party_id": "EVC",
        "id": "tariff-1",
        "currency": "CNY",
        "type": "REGULAR",
        "elements": [
            { "price_components": [{ "type": "FLAT", "price": 1.5, "step_size": 1 }] },
            { "price_components": [{ "type": "PARKING_TIME", "price": 15.0, "step_size": 60 }] },
            energy(0.75, json!({ "day_of_week": ["SATURDAY", "SUNDAY"] })),
            energy(1.1158, json!({ "start_time": "00:00", "end_time": "06:00" })),
            energy(1.1158, json!({ "start_time": "22:00", "end_time": "00:00" })),
            energy(1.902, json!({ "start_time": "06:00", "end_time": "22:00" })),
        ],
        "start_date_time": "2026-11-30T16:00:00Z",
        "last_updated": "2026-11-01T08:00:00Z",
    });
    assert_eq!(exported(&of(terms), None).unwrap(), expected);
}

#[test]
fn tiers_charging_time_and_tax_are_part_of_an_ocpi_tariff() {
    let mut day = daily(&["06:00-24:00 peak 1 0.8"]);
    day.bands.push(tiered("00:00-06:00 valley 0.3 0.2", &["20000 0.6 0.2", "50500 0.9 0.2"]));
    let mut terms = draft("Asia/Shanghai", vec![day]);
    terms.tax_percent = Some("13.5".to_owned());
    let fee = |basis: &str| {
        Some(ChargingTimeDraft { price_per_minute: "0.25".to_owned(), basis: basis.to_owned() })
    };
    terms.charging_time = fee("energyFlow");
    let energy = |price: f64, restrictions: Value| {
        let component = json!({ "type": "ENERGY", "price": price, "vat": 13.5, "step_size": 1 });
        json!({ "price_components": [component], "restrictions": restrictions })
    };
    let night = |limits: Value| {
        let mut restrictions = json!({ "start_time": "00:00", "end_time": "06:00" });
        restrictions.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        restrictions
    };
    assert_eq!(
        exported(&of(terms.clone()), None).unwrap()["elements"],
        json!([
            { "price_components": [{ "type": "TIME", "price": 15.0, "vat": 13.5, "step_size": 1 }] },
            energy(1.8, json!({ "start_time": "06:00", "end_time": "00:00" })),
            energy(0.5, night(json!({ "max_kwh": 20.0 }))),
            energy(0.8, night(json!({ "min_kwh": 20.0, "max_kwh": 50.5 }))),
            energy(1.1, night(json!({ "min_kwh": 50.5 }))),
        ])
    );
    terms.charging_time = fee("session");
    assert_eq!(exported(&of(terms), None), Err(ocpi::Inexpressible::ChargingTimeWithPauses));
}

/// Winter has its own price from 12-15 to 01-15, and holidays have theirs in any season.
fn seasonal() -> Tariff {
    let mut holiday = daily(&["00:00-24:00 valley 0.1 0"]);
    holiday.holiday = Some(true);
    let mut winter = daily(&["00:00-24:00 sharp 0.9 0"]);
    winter.seasons = Some(vec![SeasonDraft { from: "12-15".to_owned(), to: "01-15".to_owned() }]);
    winter.holiday = Some(false);
    let mut terms = draft("Asia/Shanghai", vec![holiday, winter, daily(&["00:00-24:00 flat 0.5 0"])]);
    terms.holidays = Some(vec!["2027-01-01".to_owned(), "2027-10-01".to_owned()]);
    of(terms)
}

#[test]
fn seasons_and_holidays_are_expanded_for_the_dates_of_a_horizon() {
    let tariff = seasonal();
    assert_eq!(exported(&tariff, None), Err(ocpi::Inexpressible::NeedsHorizon { schedule: 0 }));
    let object = exported(&tariff, Horizon::parse("2026-12-01".parse().unwrap(), 62)).unwrap();
    let dates = |from: &str, to: &str| json!({ "start_date": from, "end_date": to });
    let flat = json!({ "price_components": [{ "type": "ENERGY", "price": 0.5, "step_size": 1 }] });
    assert_eq!(
        object["elements"],
        json!([
            energy(0.1, dates("2027-01-01", "2027-01-02")),
            energy(0.9, dates("2026-12-15", "2027-01-01")),
            energy(0.9, dates("2027-01-02", "2027-01-16")),
            flat,
        ])
    );
    // 2026-12-01 and 2027-02-01 in Shanghai.
    assert_eq!(object["start_date_time"], "2026-11-30T16:00:00Z");
    assert_eq!(object["end_date_time"], "2027-01-31T16:00:00Z");
    // Nothing is exported before the version is in force.
    let object = exported(&tariff, Horizon::parse("2026-11-20".parse().unwrap(), 30)).unwrap();
    assert_eq!(object["start_date_time"], "2026-11-30T16:00:00Z");
    // A horizon within the version bounds the object.
    let object = exported(&tariff, Horizon::parse("2027-01-10".parse().unwrap(), 1)).unwrap();
    assert_eq!(object["elements"][0], energy(0.9, dates("2027-01-10", "2027-01-11")));
    assert_eq!(object["start_date_time"], "2027-01-09T16:00:00Z");
}

#[test]
fn what_ocpi_cannot_express_is_a_specific_error() {
    let with_occupancy = |grace_minutes, cap: Option<&str>| {
        let mut terms = draft("Asia/Shanghai", vec![daily(&["00:00-24:00 flat 0.5 0"])]);
        let cap = cap.map(str::to_owned);
        terms.occupancy = Some(OccupancyDraft { price_per_minute: "0.25".to_owned(), grace_minutes, cap });
        exported(&of(terms), None)
    };
    assert_eq!(with_occupancy(10, None), Err(ocpi::Inexpressible::OccupancyGrace));
    assert_eq!(with_occupancy(0, Some("9")), Err(ocpi::Inexpressible::OccupancyCap));
    // Every other day is a holiday with 24 bands: 2400 elements.
    let bands: Vec<_> =
        (0..24).map(|hour| format!("{hour:02}:00-{:02}:00 flat {hour} 0", hour + 1)).collect();
    let bands: Vec<_> = bands.iter().map(String::as_str).collect();
    let mut holiday = daily(&bands);
    holiday.holiday = Some(true);
    let mut terms = draft("Asia/Shanghai", vec![holiday, daily(&["00:00-24:00 flat 0.5 0"])]);
    let first: chrono::NaiveDate = "2027-01-01".parse().unwrap();
    terms.holidays = Some(first.iter_days().step_by(2).take(100).map(|date| date.to_string()).collect());
    let horizon = Horizon::parse(first, 365);
    assert_eq!(exported(&of(terms), horizon), Err(ocpi::Inexpressible::TooManyElements));
}

#[test]
fn an_ocpi_header_is_checked() {
    let parse = |country, party, id: &str| Header::parse(country, party, id, instant("2026-01-01T00:00:00Z"));
    assert_eq!(parse("CHN", "EVC", "1"), Err(ocpi::InvalidHeader::CountryCode));
    assert_eq!(parse("CN", "EV", "1"), Err(ocpi::InvalidHeader::PartyId));
    assert_eq!(parse("CN", "EVC", &"x".repeat(37)), Err(ocpi::InvalidHeader::Id));
    assert!(parse("CN", "EVC", "0192f0c1-0000-7000-8000-000000000000").is_ok());
    let date = |text: &str| text.parse().unwrap();
    assert!(
        Horizon::parse(date("2026-01-01"), 0).is_none() && Horizon::parse(date("2026-01-01"), 401).is_none()
    );
    assert!(Horizon::parse(chrono::NaiveDate::MAX, 1).is_none());
}

#[test]
fn a_date_is_a_policy_of_tcec_102() {
    let bands = [
        "23:00-07:00 valley 0.3158 0.8",
        "07:00-09:00 flat 0.7 0.8",
        "09:00-10:30 flat 0.70 0.8",
        "10:30-23:00 peak 1 0.8",
    ];
    let mut terms = draft("Asia/Shanghai", vec![daily(&bands)]);
    terms.session_fee = Some("1".to_owned());
    terms.tax_percent = Some("6".to_owned());
    terms.charging_time =
        Some(ChargingTimeDraft { price_per_minute: "0.1".to_owned(), basis: "session".to_owned() });
    let tariff = of(terms);
    let date = "2026-12-01".parse().unwrap();
    let periods = tcec::periods(&tariff, &tariff.versions[0].price_list, date).unwrap();
    assert_eq!(
        serde_json::to_value(&periods.document).unwrap(),
        json!({
            "SumPeriod": 4,
            "PolicyInfos": [
                { "StartTime": "000000", "ElecPrice": 0.3158, "SevicePrice": 0.8 },
                { "StartTime": "070000", "ElecPrice": 0.7, "SevicePrice": 0.8 },
                { "StartTime": "103000", "ElecPrice": 1.0, "SevicePrice": 0.8 },
                { "StartTime": "230000", "ElecPrice": 0.3158, "SevicePrice": 0.8 },
            ],
        })
    );
    assert_eq!(periods.names, ["谷", "平", "峰", "谷"]);
    assert_eq!(
        periods.left_out,
        [tcec::LeftOut::SessionFee, tcec::LeftOut::ChargingTime, tcec::LeftOut::Tax]
    );
}

#[test]
fn each_date_has_its_own_policy() {
    let tariff = seasonal();
    let price = |date: &str| {
        let periods = tcec::periods(&tariff, &tariff.versions[0].price_list, date.parse().unwrap()).unwrap();
        serde_json::to_value(&periods.document).unwrap()["PolicyInfos"][0]["ElecPrice"].clone()
    };
    assert_eq!([price("2026-12-14"), price("2026-12-15"), price("2027-01-01")], [0.5, 0.9, 0.1]);
}

#[test]
fn what_tcec_102_cannot_express_is_an_error() {
    let periods = |tariff: &Tariff| {
        tcec::periods(tariff, &tariff.versions[0].price_list, "2026-12-01".parse().unwrap()).map(|_| ())
    };
    let fine = of(draft("Asia/Shanghai", vec![daily(&["00:00-24:00 flat 0.12345 0"])]));
    assert_eq!(periods(&fine), Err(tcec::Inexpressible::TooManyDecimals { schedule: 0 }));
    let mut day = daily(&[]);
    day.bands = vec![tiered("00:00-24:00 flat 1 0", &["1000 2 0"])];
    let tiers = of(draft("Asia/Shanghai", vec![day]));
    assert_eq!(periods(&tiers), Err(tcec::Inexpressible::Tiers { schedule: 0 }));
    let bands: Vec<_> = (0..33)
        .map(|index| {
            let end = if index == 32 { "24:00".to_owned() } else { format!("00:{:02}", index + 1) };
            format!("00:{index:02}-{end} flat {index} 0")
        })
        .collect();
    let bands: Vec<_> = bands.iter().map(String::as_str).collect();
    let mut many = of(draft("Asia/Shanghai", vec![daily(&bands)]));
    assert_eq!(periods(&many), Err(tcec::Inexpressible::TooManyPeriods));
    many.details.currency = domain::tariffs::Currency::parse("USD").unwrap();
    assert_eq!(periods(&many), Err(tcec::Inexpressible::Currency));
}
