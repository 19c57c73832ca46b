//! Properties of the quotes of all sessions.

use crate::build::*;
use crate::generated::{sessions, without_tiers};
use crate::properties::expected_band;
use chrono::{DateTime, TimeDelta, Utc};
use domain::tariffs::{
    BandDraft, ChangeRule, ChargingTimeBasis, PriceBook, PriceListDraft, Quote, Reading, TariffVersion,
    TaxPercent, Usage,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

/// The version with number `number` of the only tariff of a price book.
fn version_of(book: &PriceBook, number: u32) -> &TariffVersion {
    book.tariffs[0].versions.iter().find(|version| version.number == number).unwrap()
}

/// The versions that price a session by its rule, with their times; times without a length are left
/// out.
fn periods(book: &PriceBook, usage: &Usage) -> Vec<(DateTime<Utc>, DateTime<Utc>, u32)> {
    let (start, end, change) =
        (usage.started_at(), usage.ended_at(), book.tariffs[0].versions[1].effective_from);
    let first = if change <= start { 2 } else { 1 };
    let periods = match book.tariffs[0].details.change_rule {
        ChangeRule::ByConsumption if start < change && change < end => {
            vec![(start, change, 1), (change, end, 2)]
        }
        _ => vec![(start, end, first)],
    };
    periods.into_iter().filter(|(from, to, _)| from < to).collect()
}

/// The time between two instants in which the readings show that energy flows, in microseconds.
fn flow(readings: &[Reading], from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    let pairs = readings.iter().zip(readings.iter().skip(1));
    let flowing = pairs.filter(|(before, after)| before.register != after.register);
    let within = flowing.map(|(before, after)| (after.at.min(to) - before.at.max(from)).num_microseconds());
    within.map(|length| length.unwrap().max(0)).sum()
}

/// All amounts of a quote with their tax rates, as a reader of its lines finds them.
fn amounts(book: &PriceBook, usage: &Usage, quote: &Quote) -> Vec<(Option<TaxPercent>, Decimal)> {
    let items = quote.items.iter();
    let mut all: Vec<_> = items
        .flat_map(|item| [item.electricity, item.service].map(|money| (item.tax_percent, money.amount())))
        .collect();
    all.extend(quote.charging_time.iter().map(|item| (item.tax_percent, item.amount.amount())));
    all.extend(quote.occupancy.iter().map(|item| (item.tax_percent, item.amount.amount())));
    let at_start = book.tariffs[0].version_at(usage.started_at()).unwrap();
    all.extend(quote.session_fee.map(|fee| (at_start.price_list.tax_percent(), fee.amount())));
    all
}

fn quote(book: &PriceBook, usage: &Usage) -> Quote {
    book.quote(&place(), usage).unwrap()
}

fn amount(quotes: &[Quote], part: impl Fn(&Quote) -> domain::tariffs::Money) -> Decimal {
    quotes.iter().map(|quote| part(quote).amount()).sum()
}

/// The usage in a part of a session: the readings in it, and the interpolated registers at its
/// ends.
fn part_of(usage: &Usage, from: DateTime<Utc>, to: DateTime<Utc>, readings: &[Reading]) -> Usage {
    let within = readings.iter().map(|reading| reading.at).filter(|at| from < *at && *at < to);
    let instants = std::iter::once(from).chain(within).chain([to]);
    Usage::metered(instants.map(|at| Reading { at, register: usage.energy_until(at) }).collect()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

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
        let charging_time: Decimal = quote.charging_time.iter().map(|item| item.amount.amount()).sum();
        prop_assert_eq!(quote.totals.electricity.amount(), electricity);
        prop_assert_eq!(quote.totals.service.amount(), service);
        prop_assert_eq!(quote.totals.charging_time.amount(), charging_time);
        let total = electricity + service + charging_time + occupancy + session_fee;
        prop_assert_eq!(quote.totals.total.amount(), total);
        if quote.change_rule == ChangeRule::FrozenAtStart {
            let first = items.first().map_or(1, |item| item.version);
            prop_assert!(items.iter().all(|item| item.version == first));
        }
    }

    /// Each Wh has the price of exactly one tier: the energy of an item begins at or after the
    /// threshold of its tier and ends at or before the next one, in the bands of its minutes.
    #[test]
    fn each_wh_is_priced_by_the_tier_of_the_energy_drawn_before((book, usage, _) in sessions()) {
        let quote = quote(&book, &usage);
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        let mut drawn = Decimal::ZERO;
        for item in &quote.items {
            let (begin, end) = (drawn, drawn + item.energy_wh.wh());
            drawn = end;
            prop_assert!(item.from <= item.to);
            if item.from == item.to {
                continue;
            }
            let list = &version_of(&book, item.version).price_list;
            let draft = PriceListDraft::from(list.clone());
            let first = expected_band(&draft, list, item.from.to_utc()).unwrap();
            let last = expected_band(&draft, list, item.to.to_utc() - TimeDelta::microseconds(1)).unwrap();
            let tiers = |band: &BandDraft| band.tiers.clone().unwrap_or_default();
            let own = item.tier.checked_sub(1).map(|index| tiers(first)[index].clone());
            if let Some(own) = &own {
                prop_assert!(Decimal::from(own.above_wh) <= begin, "{:?} at {}", item, begin);
            }
            if let Some(next) = tiers(last).get(item.tier) {
                prop_assert!(end <= Decimal::from(next.above_wh), "{:?} to {}", item, end);
            }
            let (electricity, service) = own.map_or_else(
                || (first.electricity_price.clone(), first.service_fee.clone()),
                |tier| (tier.electricity_price, tier.service_fee),
            );
            prop_assert_eq!(item.rate.electricity_price.value(), decimal(&electricity));
            prop_assert_eq!(item.rate.service_fee.value(), decimal(&service));
        }
        prop_assert_eq!(drawn, usage.energy().wh());
    }

    /// Each version with a fee for charging time counts the time of its own part of the session, to
    /// the started second, and never the occupancy.
    #[test]
    fn charging_time_is_counted_once_and_by_the_version_of_its_time((book, usage, readings) in sessions()) {
        let quote = quote(&book, &usage);
        let fee = |number| version_of(&book, number).price_list.charging_time().copied();
        let priced: Vec<_> =
            periods(&book, &usage).into_iter().filter(|(_, _, number)| fee(*number).is_some()).collect();
        let items = &quote.charging_time;
        prop_assert_eq!(items.iter().map(|item| (item.from.to_utc(), item.to.to_utc(), item.version)).collect::<Vec<_>>(), &priced[..]);
        for item in items {
            prop_assert_eq!(Some(item.fee), fee(item.version));
            let (from, to) = (item.from.to_utc(), item.to.to_utc());
            let exact = match item.fee.basis {
                ChargingTimeBasis::Session => (to - from).num_microseconds().unwrap(),
                ChargingTimeBasis::EnergyFlow => flow(&readings, from, to),
            };
            prop_assert!((item.charged_seconds * 1_000_000 - exact).abs() < 1_000_000);
            let cost = item.fee.price_per_minute.value() * Decimal::from(item.charged_seconds) / Decimal::from(60);
            let half = Decimal::new(5, quote.currency.minor_digits() + 1);
            prop_assert!((cost - item.amount.amount()).abs() <= half);
        }
        let whole = periods(&book, &usage).len();
        let bases: Vec<_> = items.iter().map(|item| item.fee.basis).collect();
        if priced.len() == whole && whole > 0 && bases.iter().all(|basis| *basis == bases[0]) {
            let (from, to) = (usage.started_at(), usage.ended_at());
            let counted = match bases[0] {
                ChargingTimeBasis::Session => (to - from).num_microseconds().unwrap(),
                ChargingTimeBasis::EnergyFlow => flow(&readings, from, to),
            };
            let seconds: i64 = items.iter().map(|item| item.charged_seconds).sum();
            prop_assert_eq!(seconds, (counted + 999_999) / 1_000_000);
        }
    }

    /// Tax is computed on sums: each rate is applied once to the sum of the amounts with that rate,
    /// and rounded once.
    #[test]
    fn tax_is_that_of_the_sum_of_the_amounts_with_its_rate((book, usage, _) in sessions()) {
        let quote = quote(&book, &usage);
        let amounts = amounts(&book, &usage, &quote);
        prop_assert_eq!(quote.totals.total.amount(), amounts.iter().map(|(_, amount)| amount).sum::<Decimal>());
        let mut rates: Vec<_> = amounts.iter().filter_map(|(rate, _)| *rate).collect();
        rates.sort_unstable();
        rates.dedup();
        prop_assert_eq!(quote.taxes.iter().map(|item| item.percent).collect::<Vec<_>>(), &rates[..]);
        let half = Decimal::new(5, quote.currency.minor_digits() + 1);
        for item in &quote.taxes {
            let with_rate = amounts.iter().filter(|(rate, _)| *rate == Some(item.percent));
            prop_assert_eq!(item.net.amount(), with_rate.map(|(_, amount)| amount).sum::<Decimal>());
            let exact = item.net.amount() * item.percent.percent() / Decimal::ONE_HUNDRED;
            let below = exact - item.tax.amount();
            prop_assert!(-half <= below && below < half, "half up: {} of {}", item.tax, exact);
        }
        let tax: Decimal = quote.taxes.iter().map(|item| item.tax.amount()).sum();
        prop_assert_eq!(quote.totals.tax.map(|tax| tax.amount()), (!rates.is_empty()).then_some(tax));
        let with_tax = quote.totals.total.amount() + tax;
        prop_assert_eq!(quote.totals.total_with_tax.map(|all| all.amount()), (!rates.is_empty()).then_some(with_tax));
    }

    /// A session that is divided into several costs the same as the whole: each rounding differs by
    /// at most half a minor unit.
    #[test]
    fn a_session_in_parts_costs_what_it_costs_whole(
        (book, usage, readings) in sessions(),
        cuts in proptest::collection::btree_set(1..999_i64, 0..5),
    ) {
        let mut book = book;
        // With frozen prices each part would be frozen at its own start.
        book.tariffs[0].details.change_rule = ChangeRule::ByConsumption;
        // Tiers count the energy of a session, so that parts of one would begin again.
        for version in &mut book.tariffs[0].versions {
            version.price_list = without_tiers(&version.price_list);
        }
        let (start, end) = (usage.started_at(), usage.ended_at());
        let cuts: Vec<_> = cuts.iter().map(|share| start + (end - start) * i32::try_from(*share).unwrap() / 1000).collect();
        let whole = quote(&book, &usage);
        let borders: Vec<_> = std::iter::once(start).chain(cuts.iter().copied()).chain([end]).collect();
        let parts: Vec<_> = borders
            .iter()
            .zip(borders.iter().skip(1))
            .map(|(from, to)| quote(&book, &part_of(&usage, *from, *to, &readings)))
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
}
