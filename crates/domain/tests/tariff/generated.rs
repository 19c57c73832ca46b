//! Generated price lists, days and sessions for properties.

use crate::build::*;
use chrono::{DateTime, NaiveDate, TimeDelta};
use domain::calendar::{TimeOfDay, Weekday};
use domain::tariffs::{
    BandDraft, BandKind, ChangeRule, ChargingTimeBasis, ChargingTimeDraft, Energy, OccupancyDraft, PriceBook,
    PriceList, PriceListDraft, Reading, ScheduleDraft, SeasonDraft, TariffVersion, TierDraft, Usage, Zone,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

/// Days on which clocks are set in unusual ways, and zones that never set them.
const DAYS: [(&str, &str); 16] = [
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Europe/London", "2026-03-29"),
    ("Europe/London", "2026-10-25"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/Sao_Paulo", "2018-02-17"),
    ("America/Havana", "2025-11-02"),
    ("America/Havana", "2025-03-09"),
    ("Pacific/Apia", "2011-12-29"),
    ("Pacific/Apia", "2011-12-30"),
    ("America/St_Johns", "2010-11-06"),
    ("America/St_Johns", "2010-11-07"),
    ("Asia/Shanghai", "2026-11-23"),
    ("Asia/Kathmandu", "2026-02-28"),
];

fn zone_and_date() -> impl Strategy<Value = (&'static str, NaiveDate)> {
    let special =
        proptest::sample::select(DAYS.as_slice()).prop_map(|(zone, date)| (zone, date.parse().unwrap()));
    let any = (proptest::sample::select(DAYS.as_slice()), 0..10_000_i64).prop_map(|((zone, _), days)| {
        (zone, NaiveDate::from_ymd_opt(2005, 1, 1).unwrap() + TimeDelta::days(days))
    });
    prop_oneof![2 => special, 1 => any]
}

fn price() -> impl Strategy<Value = String> {
    (0..30_000_u32).prop_map(|price| Decimal::new(price.into(), 4).to_string())
}

pub fn clock(minute: u16) -> String {
    TimeOfDay::from_minutes(minute).unwrap().to_string()
}

type Tiers = Option<Vec<TierDraft>>;

/// Mostly no tiers; else up to three, with thresholds that sessions reach.
fn tiers() -> impl Strategy<Value = Tiers> {
    let thresholds = proptest::collection::btree_set(1..40_000_i64, 1..4);
    let prices = proptest::collection::vec((price(), price()), 3);
    let tiers = (thresholds, prices).prop_map(|(thresholds, prices)| {
        let tier = |(above_wh, (electricity_price, service_fee))| TierDraft {
            above_wh,
            electricity_price,
            service_fee,
        };
        thresholds.into_iter().zip(prices).map(tier).collect()
    });
    prop_oneof![2 => Just(None), 1 => tiers.prop_map(Some)]
}

fn charging_time() -> impl Strategy<Value = ChargingTimeDraft> {
    let basis = proptest::sample::select(ChargingTimeBasis::ALL.as_slice());
    (price(), basis).prop_map(|(price_per_minute, basis)| ChargingTimeDraft {
        price_per_minute,
        basis: basis.as_str().to_owned(),
    })
}

fn tax_percent() -> impl Strategy<Value = String> {
    (0..=1_000_000_u32).prop_map(|percent| Decimal::new(percent.into(), 4).to_string())
}

/// Bands that cover each minute once: a day divided at some minutes, with the last band continuing
/// over midnight.
pub fn bands() -> impl Strategy<Value = Vec<BandDraft>> {
    let cuts = proptest::collection::btree_set(0..1440_u16, 1..12);
    let prices = proptest::collection::vec((0..4_usize, price(), price(), tiers()), 12);
    (cuts, prices, any::<bool>())
        .prop_map(|(cuts, prices, ends_as_24)| {
            let cuts: Vec<_> = cuts.into_iter().collect();
            let ends = cuts.iter().skip(1).chain(cuts.first()).copied();
            let whole_day = cuts.len() == 1;
            let bands = cuts.iter().zip(ends).zip(prices);
            let band = |((from, to), (kind, electricity_price, service_fee, tiers)): (
                (&u16, u16),
                (usize, String, String, Tiers),
            )| {
                let to = if to == 0 && ends_as_24 { 1440 } else { to };
                BandDraft {
                    from: clock(if whole_day { 0 } else { *from }),
                    to: clock(if whole_day { 1440 } else { to }),
                    kind: BandKind::ALL[kind].as_str().to_owned(),
                    electricity_price,
                    service_fee,
                    tiers,
                }
            };
            bands.map(band).collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn season() -> impl Strategy<Value = SeasonDraft> {
    let day = || (1..=12_u32, 1..=28_u32).prop_map(|(month, day)| format!("{month:02}-{day:02}"));
    (day(), day()).prop_map(|(from, to)| SeasonDraft { from, to })
}

/// A schedule with at least one condition.
fn special_schedule() -> impl Strategy<Value = ScheduleDraft> {
    let seasons = proptest::option::of(proptest::collection::vec(season(), 1..3));
    let weekdays =
        proptest::sample::subsequence(Weekday::ALL.map(|day| day.as_str().to_owned()).to_vec(), 1..=7);
    (seasons, proptest::option::of(weekdays), any::<bool>(), bands()).prop_map(
        |(seasons, weekdays, holiday, bands)| {
            let needs_one = seasons.is_none() && weekdays.is_none();
            ScheduleDraft { seasons, weekdays, holiday: (holiday || needs_one).then_some(holiday), bands }
        },
    )
}

/// Any valid price list, with `date` among its holidays.
fn drafts(zone: &'static str, date: NaiveDate) -> impl Strategy<Value = PriceListDraft> {
    let special = proptest::collection::vec(special_schedule(), 0..3);
    let occupancy = (price(), 0..60_i64, proptest::option::of(price()));
    let fees = (proptest::option::of(price()), proptest::option::of(occupancy));
    let new_fees = (proptest::option::of(charging_time()), proptest::option::of(tax_percent()));
    (special, bands(), fees, new_fees).prop_map(move |(mut schedules, bands, fees, new_fees)| {
        let ((session_fee, occupancy), (charging_time, tax_percent)) = (fees, new_fees);
        schedules.push(ScheduleDraft { seasons: None, weekdays: None, holiday: None, bands });
        let occupancy = occupancy.map(|(price_per_minute, grace_minutes, cap)| OccupancyDraft {
            price_per_minute,
            grace_minutes,
            cap,
        });
        let holidays = Some(vec![date.to_string()]);
        let time_zone = zone.to_owned();
        PriceListDraft { time_zone, holidays, schedules, session_fee, charging_time, occupancy, tax_percent }
    })
}

pub fn read(draft: &PriceListDraft) -> PriceList {
    PriceList::try_from(draft.clone()).unwrap()
}

/// The price list without tiers.
pub fn without_tiers(list: &PriceList) -> PriceList {
    let mut draft = PriceListDraft::from(list.clone());
    for band in draft.schedules.iter_mut().flat_map(|schedule| &mut schedule.bands) {
        band.tiers = None;
    }
    read(&draft)
}

/// A price list for a day, and its draft.
pub fn day() -> impl Strategy<Value = (NaiveDate, PriceListDraft)> {
    zone_and_date().prop_flat_map(|(zone, date)| (Just(date), drafts(zone, date)))
}

/// A session around a day: the price book, in which a second version comes into force during the
/// session, the usage, and the readings of the meter.
pub fn sessions() -> impl Strategy<Value = (PriceBook, Usage, Vec<Reading>)> {
    let rule = proptest::sample::select(ChangeRule::ALL.as_slice());
    let currency = proptest::sample::select(["CNY", "JPY", "KWD"].as_slice());
    let lists = zone_and_date()
        .prop_flat_map(|(zone, date)| (Just((zone, date)), drafts(zone, date), drafts(zone, date)));
    // Every third reading shows that no energy flowed.
    let thousandths = prop_oneof![2 => 0..30_000_000_u64, 1 => Just(0)];
    let readings = proptest::collection::vec((1..20_000_u32, thousandths), 1..6);
    let times = (-40_000..90_000_i64, 0..60_000_i64, proptest::option::of(0..20_000_i64));
    (lists, rule, currency, readings, times).prop_map(
        |(((zone, date), one, two), rule, currency, readings, times)| {
            let (start, change, held) = times;
            let mut at = Zone::parse(zone).unwrap().day_start(date) + TimeDelta::seconds(start);
            let second = at + TimeDelta::seconds(change);
            let versions = vec![
                TariffVersion { number: 1, effective_from: DateTime::UNIX_EPOCH, price_list: read(&one) },
                TariffVersion { number: 2, effective_from: second, price_list: read(&two) },
            ];
            let mut register = Decimal::new(123_456, 3);
            let mut curve = vec![Reading { at, register: Energy::from_wh(register).unwrap() }];
            for (seconds, thousandths) in readings {
                at += TimeDelta::seconds(seconds.into());
                register += Decimal::new(i64::try_from(thousandths).unwrap(), 3);
                curve.push(Reading { at, register: Energy::from_wh(register).unwrap() });
            }
            let usage = Usage::metered(curve.clone()).unwrap();
            let usage = match held {
                Some(held) => usage.unplugged(at + TimeDelta::seconds(held)).unwrap(),
                None => usage,
            };
            (book_of(tariff(1, currency, rule, versions)), usage, curve)
        },
    )
}
