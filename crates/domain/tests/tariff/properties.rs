//! What holds for every price list, zone and session.

use crate::build::*;
use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};
use domain::calendar::{TimeOfDay, Weekday};
use domain::tariff::{
    BandDraft, BandKind, ChangeRule, Draft, Energy, OccupancyDraft, PriceBook, PriceList, Quote, Reading,
    ScheduleDraft, SeasonDraft, TariffVersion, TimetableRow, Usage, Zone,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

/// Days on which clocks are set, in every odd way, and zones that never do.
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

fn clock(minute: u16) -> String {
    TimeOfDay::from_minutes(minute).unwrap().to_string()
}

/// Bands that have each minute once: a day cut at some minutes, the last band going on over midnight.
fn bands() -> impl Strategy<Value = Vec<BandDraft>> {
    let cuts = proptest::collection::btree_set(0..1440_u16, 1..12);
    let prices = proptest::collection::vec((0..4_usize, price(), price()), 12);
    (cuts, prices, any::<bool>())
        .prop_map(|(cuts, prices, ends_as_24)| {
            let cuts: Vec<_> = cuts.into_iter().collect();
            let ends = cuts.iter().skip(1).chain(cuts.first()).copied();
            let whole_day = cuts.len() == 1;
            let bands = cuts.iter().zip(ends).zip(prices);
            let band = |((from, to), (kind, electricity_price, service_fee)): (
                (&u16, u16),
                (usize, String, String),
            )| {
                let to = if to == 0 && ends_as_24 { 1440 } else { to };
                BandDraft {
                    from: clock(if whole_day { 0 } else { *from }),
                    to: clock(if whole_day { 1440 } else { to }),
                    kind: BandKind::ALL[kind].as_str().to_owned(),
                    electricity_price,
                    service_fee,
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

/// A schedule with one condition or more.
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

/// Any price list that makes sense, with `date` among its holidays.
fn drafts(zone: &'static str, date: NaiveDate) -> impl Strategy<Value = Draft> {
    let special = proptest::collection::vec(special_schedule(), 0..3);
    let occupancy = (price(), 0..60_i64, proptest::option::of(price()));
    let fees = (proptest::option::of(price()), proptest::option::of(occupancy));
    (special, bands(), fees).prop_map(move |(mut schedules, bands, (session_fee, occupancy))| {
        schedules.push(ScheduleDraft { seasons: None, weekdays: None, holiday: None, bands });
        let occupancy = occupancy.map(|(price_per_minute, grace_minutes, cap)| OccupancyDraft {
            price_per_minute,
            grace_minutes,
            cap,
        });
        let holidays = vec![date.to_string()];
        Draft { time_zone: zone.to_owned(), holidays, schedules, session_fee, occupancy }
    })
}

fn read(draft: &Draft) -> PriceList {
    PriceList::try_from(draft.clone()).unwrap()
}

/// The one band of a draft that has the minute that the clock shows, found as a reader of the JSON would.
fn expected_band<'draft>(
    draft: &'draft Draft,
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

/// A price list for a day, and what it was read from.
fn day() -> impl Strategy<Value = (NaiveDate, Draft)> {
    zone_and_date().prop_flat_map(|(zone, date)| (Just(date), drafts(zone, date)))
}

/// A session around a day: its book, where a second version comes in mid-session, what it used, and when the meter was read.
fn sessions() -> impl Strategy<Value = (PriceBook, Usage, Vec<DateTime<Utc>>)> {
    let rule = proptest::sample::select(ChangeRule::ALL.as_slice());
    let currency = proptest::sample::select(["CNY", "JPY", "KWD"].as_slice());
    let lists = zone_and_date()
        .prop_flat_map(|(zone, date)| (Just((zone, date)), drafts(zone, date), drafts(zone, date)));
    let readings = proptest::collection::vec((1..20_000_u32, 0..30_000_000_u64), 1..6);
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
            let read_at = curve.iter().map(|reading| reading.at).collect();
            let usage = Usage::metered(curve).unwrap();
            let usage = match held {
                Some(held) => usage.unplugged(at + TimeDelta::seconds(held)).unwrap(),
                None => usage,
            };
            (book_of(tariff(1, currency, rule, versions)), usage, read_at)
        },
    )
}

fn quote(book: &PriceBook, usage: &Usage) -> Quote {
    book.quote(&place(), usage).unwrap()
}

fn amount(quotes: &[Quote], part: impl Fn(&Quote) -> domain::tariff::Money) -> Decimal {
    quotes.iter().map(|quote| part(quote).amount()).sum()
}

/// What was used in a time within a session: the readings in it, and what they say of its ends.
fn part_of(usage: &Usage, from: DateTime<Utc>, to: DateTime<Utc>, read_at: &[DateTime<Utc>]) -> Usage {
    let within = read_at.iter().copied().filter(|at| from < *at && *at < to);
    let instants = std::iter::once(from).chain(within).chain([to]);
    Usage::metered(instants.map(|at| Reading { at, register: usage.energy_until(at) }).collect()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The bands of any price list cover a day, also one on which clocks are set, exactly once, by what the clock shows.
    #[test]
    fn each_instant_of_a_day_has_exactly_one_price((date, draft) in day(), offset in 0..420_i64) {
        let list = read(&draft);
        let zone = list.zone();
        let book = book("CNY", list.clone());
        let rows = book.timetable_of_days(&place(), zone, date, 1).unwrap();
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
            prop_assert!(band.is_some(), "not one band at {}", at);
            let row = rows.iter().find(|row| row.from <= at && at < row.to).unwrap();
            prop_assert!(same_price(row, band.unwrap()), "at {}: {:?}", at, row);
            let price = book.price_at(&place(), at).unwrap();
            prop_assert_eq!((price.kind, price.rate), (row.kind, row.rate));
            prop_assert_eq!(&draft.schedules[price.schedule].bands[price.band], band.unwrap());
            at += TimeDelta::seconds(421);
        }
    }

    /// Items follow one another from the start to the end, have all the energy, and the quote is their sum.
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

    /// A session that is cut into several costs what it costs whole: each rounding is off by half a minor unit at most.
    #[test]
    fn a_session_in_parts_costs_what_it_costs_whole(
        (book, usage, read_at) in sessions(),
        cuts in proptest::collection::btree_set(1..999_i64, 0..5),
    ) {
        let mut book = book;
        // Frozen parts would be frozen each at its own start.
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
    fn a_version_reads_as_it_was_written((_, draft) in day(), number in 1..100_u32, second in 0..2_000_000_000_i64) {
        let effective_from = DateTime::from_timestamp(second, 0).unwrap();
        let version = TariffVersion { number, effective_from, price_list: read(&draft) };
        let written = serde_json::to_string(&version).unwrap();
        let again: TariffVersion = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(&again, &version);
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), written);
    }

    /// The check lets bands pass just when each minute of a day is in exactly one of them.
    #[test]
    fn bands_pass_just_when_they_have_each_minute_once(
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
        // A band of no length is refused, for nobody can tell it from one of a day.
        let proper = times.iter().all(|(from, to)| from != to);
        let schedule = ScheduleDraft { seasons: None, weekdays: None, holiday: None, bands };
        let passes = PriceList::try_from(draft("Asia/Shanghai", vec![schedule])).is_ok();
        prop_assert_eq!(passes, once && proper);
    }
}
