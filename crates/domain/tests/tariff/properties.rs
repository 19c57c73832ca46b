//! Properties of all price lists, zones and sessions.

use crate::build::*;
use crate::generated::{bands, clock, day, read, sessions};
use chrono::{DateTime, FixedOffset, TimeDelta, Timelike, Utc};
use domain::calendar::TimeOfDay;
use domain::tariffs::tcec::{self, MAX_PERIODS};
use domain::tariffs::{
    BandDraft, ChangeRule, PriceBook, PriceList, PriceListDraft, Quote, Reading, ScheduleDraft,
    TariffVersion, TimetableRow, Usage, ocpi,
};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::Value;

/// The one band of a draft that contains the minute of the local clock, found as a reader of the
/// JSON would.
fn expected_band<'draft>(
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
}

fn quote(book: &PriceBook, usage: &Usage) -> Quote {
    book.quote(&place(), usage).unwrap()
}

fn amount(quotes: &[Quote], part: impl Fn(&Quote) -> domain::tariffs::Money) -> Decimal {
    quotes.iter().map(|quote| part(quote).amount()).sum()
}

/// The usage in a part of a session: the readings in it, and the interpolated registers at its
/// ends.
fn part_of(usage: &Usage, from: DateTime<Utc>, to: DateTime<Utc>, read_at: &[DateTime<Utc>]) -> Usage {
    let within = read_at.iter().copied().filter(|at| from < *at && *at < to);
    let instants = std::iter::once(from).chain(within).chain([to]);
    Usage::metered(instants.map(|at| Reading { at, register: usage.energy_until(at) }).collect()).unwrap()
}

/// The price of a kWh by an OCPI tariff at the local time `shown`: that of the first matching
/// element, as a reader of OCPI would find it.
fn price_in_ocpi(object: &Value, shown: DateTime<FixedOffset>) -> f64 {
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
            prop_assert_ne!((one.kind, one.rate), (next.kind, next.rate));
        }
        let mut at = start + TimeDelta::seconds(offset);
        while at < end {
            let band = expected_band(&draft, &list, at);
            prop_assert!(band.is_some(), "no single band at {}", at);
            let row = rows.iter().find(|row| row.from <= at && at < row.to).unwrap();
            prop_assert!(same_price(row, band.unwrap()), "at {}: {:?}", at, row);
            let price = book.price_at(&place(), at).unwrap();
            prop_assert_eq!((price.kind, price.rate), (row.kind, row.rate));
            prop_assert_eq!(&draft.schedules[price.schedule].bands[price.band], band.unwrap());
            at += TimeDelta::seconds(421);
        }
    }

    /// Items follow one another from the start to the end and contain all the energy, and the quote
    /// is their sum.
    #[test]
    fn a_quote_is_the_sum_of_its_items((book, usage, _) in sessions()) {
        let quote = quote(&book, &usage);
        let mut at = usage.started_at();
        for item in &quote.items {
            prop_assert_eq!(item.from.to_utc(), at);
            at = item.to.to_utc();
            let exact = item.energy_wh.kwh() * item.rate.electricity_price.value();
            let half = Decimal::new(5, quote.currency.minor_digits() + 1);
            prop_assert!((exact - item.electricity.amount()).abs() <= half);
            prop_assert_eq!(item.electricity.amount().scale(), quote.currency.minor_digits());
        }
        prop_assert_eq!(at, usage.ended_at());
        let items = &quote.items;
        prop_assert_eq!(items.iter().map(|item| item.energy_wh.wh()).sum::<Decimal>(), usage.energy().wh());
        let electricity: Decimal = items.iter().map(|item| item.electricity.amount()).sum();
        let service: Decimal = items.iter().map(|item| item.service.amount()).sum();
        let occupancy = quote.occupancy.as_ref().map_or(Decimal::ZERO, |item| item.amount.amount());
        let session_fee = quote.session_fee.map_or(Decimal::ZERO, |fee| fee.amount());
        prop_assert_eq!(quote.totals.electricity.amount(), electricity);
        prop_assert_eq!(quote.totals.service.amount(), service);
        prop_assert_eq!(quote.totals.total.amount(), electricity + service + occupancy + session_fee);
        if quote.change_rule == ChangeRule::FrozenAtStart {
            let first = items.first().map_or(1, |item| item.version);
            prop_assert!(items.iter().all(|item| item.version == first));
        }
    }

    /// A session that is divided into several costs the same as the whole: each rounding differs by
    /// at most half a minor unit.
    #[test]
    fn a_session_in_parts_costs_what_it_costs_whole(
        (book, usage, read_at) in sessions(),
        cuts in proptest::collection::btree_set(1..999_i64, 0..5),
    ) {
        let mut book = book;
        // With frozen prices each part would be frozen at its own start.
        book.tariffs[0].details.change_rule = ChangeRule::ByConsumption;
        let (start, end) = (usage.started_at(), usage.ended_at());
        let cuts: Vec<_> = cuts.iter().map(|share| start + (end - start) * i32::try_from(*share).unwrap() / 1000).collect();
        let whole = quote(&book, &usage);
        let borders: Vec<_> = std::iter::once(start).chain(cuts.iter().copied()).chain([end]).collect();
        let parts: Vec<_> = borders
            .iter()
            .zip(borders.iter().skip(1))
            .map(|(from, to)| quote(&book, &part_of(&usage, *from, *to, &read_at)))
            .collect();
        let roundings = whole.items.len() + parts.iter().map(|part| part.items.len()).sum::<usize>();
        let half = Decimal::new(5, whole.currency.minor_digits() + 1);
        let bound = half * Decimal::from(roundings) + Decimal::new(1, 4);
        let whole = [whole];
        for part in [|quote: &Quote| quote.totals.electricity, |quote: &Quote| quote.totals.service] {
            let difference = amount(&whole, part) - amount(&parts, part);
            prop_assert!(difference.abs() <= bound, "{} of at most {}", difference, bound);
        }
        let energy: Decimal = parts.iter().map(|part| part.energy_wh.wh()).sum();
        prop_assert_eq!(energy, usage.energy().wh());
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
        // OCPI has no grace period, and T/CEC 102 prices only energy.
        draft.occupancy = None;
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
        let document = serde_json::to_value(tcec::periods(tariff, list, asked).unwrap().document).unwrap();
        let periods = document["PolicyInfos"].as_array().unwrap();
        prop_assert_eq!(&document["SumPeriod"], periods.len());
        prop_assert!(periods.len() <= MAX_PERIODS);
        while at < end {
            let (shown, price) = (list.zone().local(at), book.price_at(&place(), at).unwrap());
            // Where clocks were set back after midnight, minutes of the date before were repeated:
            // they are before the horizon's dates.
            if shown.date_naive() >= date {
                prop_assert_eq!(price_in_ocpi(&object, shown), number(price.price_per_kwh), "at {}", shown);
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
