//! Properties of all price lists and zones.

use crate::build::*;
use crate::generated::{bands, clock, day, read, without_tiers};
use chrono::{DateTime, FixedOffset, TimeDelta, Timelike, Utc};
use domain::calendar::TimeOfDay;
use domain::tariffs::tcec::{self, MAX_PERIODS};
use domain::tariffs::{
    BandDraft, ChargingTimeBasis, PriceList, PriceListDraft, ScheduleDraft, TariffVersion, TimetableRow, ocpi,
};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::Value;

/// The one band of a draft that contains the minute of the local clock, found as a reader of the
/// JSON would.
pub fn expected_band<'draft>(
    draft: &'draft PriceListDraft,
    list: &PriceList,
    at: DateTime<Utc>,
) -> Option<&'draft BandDraft> {
    let shown = list.zone().local(at);
    let (schedule, _) = list.schedule_on(shown.date_naive());
    let minute = format!("{:02}:{:02}", shown.hour(), shown.minute());
    let has = |band: &&BandDraft| {
        if band.from < band.to {
            band.from <= minute && minute < band.to
        } else {
            band.from <= minute || minute < band.to
        }
    };
    let found: Vec<_> = draft.schedules[schedule].bands.iter().filter(has).collect();
    (found.len() == 1).then(|| found[0])
}

fn same_price(row: &TimetableRow, band: &BandDraft) -> bool {
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    row.kind.as_str() == band.kind
        && row.rate.electricity_price.value() == decimal(&band.electricity_price)
        && row.rate.service_fee.value() == decimal(&band.service_fee)
        && row.terms.tiers.len() == band.tiers.iter().flatten().count()
        && row.terms.tiers.iter().zip(band.tiers.iter().flatten()).all(|(tier, draft)| {
            tier.above_wh.wh() == Decimal::from(draft.above_wh)
                && tier.rate.electricity_price.value() == decimal(&draft.electricity_price)
                && tier.rate.service_fee.value() == decimal(&draft.service_fee)
        })
}

/// The price of a kWh by an OCPI tariff at the local time `shown`, when a session has drawn `kwh`:
/// that of the first matching element, as a reader of OCPI would find it.
fn price_in_ocpi(object: &Value, shown: DateTime<FixedOffset>, kwh: f64) -> f64 {
    let (date, time) = (shown.format("%Y-%m-%d").to_string(), shown.format("%H:%M").to_string());
    let weekday = shown.format("%A").to_string().to_uppercase();
    let fits = |element: &&Value| {
        let restrictions = &element["restrictions"];
        let limit = |name: &str| restrictions[name].as_str();
        element["price_components"][0]["type"] == "ENERGY"
            && limit("start_date").is_none_or(|start| *start <= *date)
            && limit("end_date").is_none_or(|end| *date < *end)
            && limit("start_time").is_none_or(|start| *start <= *time)
            && limit("end_time").is_none_or(|end| end == "00:00" || *time < *end)
            && restrictions["min_kwh"].as_f64().is_none_or(|from| from <= kwh)
            && restrictions["max_kwh"].as_f64().is_none_or(|until| kwh < until)
            && restrictions["day_of_week"]
                .as_array()
                .is_none_or(|days| days.contains(&weekday.as_str().into()))
    };
    let element = object["elements"].as_array().unwrap().iter().find(fits).unwrap();
    element["price_components"][0]["price"].as_f64().unwrap()
}

fn number(decimal: Decimal) -> f64 {
    decimal.to_string().parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The bands of any price list cover each instant of a day exactly once, by local time,
    /// including days on which clocks are set.
    #[test]
    fn each_instant_of_a_day_has_exactly_one_price((date, draft) in day(), offset in 0..420_i64) {
        let list = read(&draft);
        let zone = list.zone();
        let book = book("CNY", list.clone());
        let rows = book.timetable_of_days(&place(), zone, date, 1).unwrap().rows;
        let (start, end) = (zone.day_start(date), zone.day_start(date.succ_opt().unwrap()));
        let mut at = start;
        for row in &rows {
            prop_assert_eq!(row.from.to_utc(), at);
            prop_assert!(row.from < row.to);
            at = row.to.to_utc();
        }
        prop_assert_eq!(at, end);
        for (one, next) in rows.iter().zip(rows.iter().skip(1)) {
            prop_assert_ne!((one.kind, one.rate, &one.terms), (next.kind, next.rate, &next.terms));
        }
        let mut at = start + TimeDelta::seconds(offset);
        while at < end {
            let band = expected_band(&draft, &list, at);
            prop_assert!(band.is_some(), "no single band at {}", at);
            let row = rows.iter().find(|row| row.from <= at && at < row.to).unwrap();
            prop_assert!(same_price(row, band.unwrap()), "at {}: {:?}", at, row);
            let price = book.price_at(&place(), at).unwrap();
            prop_assert_eq!((price.kind, price.rate, &price.terms), (row.kind, row.rate, &row.terms));
            prop_assert_eq!(price.terms.tax_percent, list.tax_percent());
            prop_assert_eq!(price.terms.charging_time.as_ref(), list.charging_time());
            prop_assert_eq!(&draft.schedules[price.schedule].bands[price.band], band.unwrap());
            at += TimeDelta::seconds(421);
        }
    }

    #[test]
    fn a_version_survives_serialization((_, draft) in day(), number in 1..100_u32, second in 0..2_000_000_000_i64) {
        let effective_from = DateTime::from_timestamp(second, 0).unwrap();
        let version = TariffVersion { number, effective_from, price_list: read(&draft) };
        let written = serde_json::to_string(&version).unwrap();
        let again: TariffVersion = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(&again, &version);
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), written);
    }

    /// The check accepts bands if and only if each minute of a day is in exactly one of them.
    #[test]
    fn bands_are_valid_if_and_only_if_they_cover_each_minute_once(
        bands in bands(),
        change in proptest::option::of((0..12_usize, -90..90_i32, any::<bool>())),
    ) {
        let mut bands = bands;
        if let Some((index, minutes, drops)) = change {
            let index = index % bands.len();
            if drops {
                bands.remove(index);
            } else {
                let to = i32::from(TimeOfDay::parse(&bands[index].to).unwrap().minutes()) + minutes;
                bands[index].to = clock(u16::try_from(to.rem_euclid(1440)).unwrap());
            }
        }
        let minute_of = |text: &str| TimeOfDay::parse(text).unwrap().minutes();
        let times: Vec<_> = bands.iter().map(|band| (minute_of(&band.from), minute_of(&band.to))).collect();
        let has = |(from, to): (u16, u16), minute: u16| {
            if from < to { from <= minute && minute < to } else { from <= minute || minute < to }
        };
        let once = (0..1440).all(|minute| times.iter().filter(|times| has(**times, minute)).count() == 1);
        // A band without a length is rejected because it cannot be distinguished from one of a
        // whole day.
        let proper = times.iter().all(|(from, to)| from != to);
        let schedule = ScheduleDraft { seasons: None, weekdays: None, holiday: None, bands };
        let passes = PriceList::try_from(draft("Asia/Shanghai", vec![schedule])).is_ok();
        prop_assert_eq!(passes, once && proper);
    }

    /// The documents for other platforms contain the platform's own prices.
    #[test]
    fn documents_for_other_platforms_contain_the_same_prices((date, draft) in day(), ahead in 0..300_u16) {
        let mut draft = draft;
        // OCPI has no grace period and no pauses in charging time.
        draft.occupancy = None;
        if let Some(fee) = &mut draft.charging_time {
            fee.basis = ChargingTimeBasis::EnergyFlow.as_str().to_owned();
        }
        let book = book("CNY", read(&draft));
        let (tariff, list) = (&book.tariffs[0], &book.tariffs[0].versions[0].price_list);
        let header = ocpi::Header::parse("CN", "EVC", "1", DateTime::UNIX_EPOCH).unwrap();
        let horizon = ocpi::Horizon::parse(date, ahead + 1);
        let object = ocpi::object(&header, tariff, &tariff.versions[0], None, horizon).unwrap();
        let object = serde_json::to_value(object).unwrap();
        let asked = date + TimeDelta::days(ahead.into());
        let (mut at, end) = (list.zone().day_start(asked), list.zone().day_start(asked.succ_opt().unwrap()));
        prop_assert!(*object["start_date_time"].as_str().unwrap() <= *at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        prop_assert_eq!(object["end_date_time"].as_str().unwrap(), end.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        let has_tiers = list.schedule_on(asked).1.bands.iter().any(|band| !band.tiers.is_empty());
        prop_assert_eq!(tcec::periods(tariff, list, asked).is_err(), has_tiers);
        let document = tcec::periods(tariff, &without_tiers(list), asked).unwrap().document;
        let document = serde_json::to_value(document).unwrap();
        let periods = document["PolicyInfos"].as_array().unwrap();
        prop_assert_eq!(&document["SumPeriod"], periods.len());
        prop_assert!(periods.len() <= MAX_PERIODS);
        while at < end {
            let (shown, price) = (list.zone().local(at), book.price_at(&place(), at).unwrap());
            // Where clocks were set back after midnight, minutes of the date before were repeated:
            // they are before the horizon's dates.
            if shown.date_naive() >= date {
                prop_assert_eq!(price_in_ocpi(&object, shown, 0.0), number(price.price_per_kwh), "at {}", shown);
                for tier in &price.terms.tiers {
                    let kwh = number(tier.above_wh.kwh());
                    prop_assert_eq!(price_in_ocpi(&object, shown, kwh), number(tier.rate.per_kwh()), "at {}", shown);
                }
            }
            if shown.date_naive() == asked {
                let time = shown.format("%H%M%S").to_string();
                let period = periods.iter().rfind(|period| *period["StartTime"].as_str().unwrap() <= *time).unwrap();
                prop_assert_eq!(&period["ElecPrice"], number(price.rate.electricity_price.value()));
                prop_assert_eq!(&period["SevicePrice"], number(price.rate.service_fee.value()));
            }
            at += TimeDelta::seconds(607);
        }
    }
}
