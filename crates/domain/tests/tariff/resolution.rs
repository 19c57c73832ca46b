//! Which tariff applies where, and why the others do not apply.

use crate::build::*;
use chrono::TimeDelta;
use domain::ids::{BindingId, ConnectorId, PileId, StationId};
use domain::tariffs::{
    BindingOverlap, ChangeRule, Outcome, PriceBook, PricedPlace, Subject, Tariff, TariffStatus, Unpriced,
    Usage, Zone, clashes,
};
use domain::text::Label;
use uuid::Uuid;

const START: &str = "2026-01-01T00:00:00Z";

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn operator() -> Label {
    Label::parse("OP-1").unwrap()
}

fn subjects() -> [Subject; 5] {
    let connector_id = ConnectorId::parse(2).unwrap();
    [
        Subject::Platform,
        Subject::Operator { operator_id: operator() },
        Subject::Station { station_id: StationId(id(1)) },
        Subject::Pile { pile_id: PileId(id(7)) },
        Subject::Connector { pile_id: PileId(id(7)), connector_id },
    ]
}

fn here() -> PricedPlace {
    PricedPlace {
        operator_id: Some(operator()),
        station_id: StationId(id(1)),
        pile_id: Some(PileId(id(7))),
        connector_id: ConnectorId::parse(2).ok(),
    }
}

/// A tariff with the price `price` per kWh, in force since the beginning of 2026.
fn costing(number: u128, price: &str) -> Tariff {
    let list = list("Asia/Shanghai", &[&format!("00:00-24:00 flat {price} 0")]);
    tariff(number, "CNY", ChangeRule::ByConsumption, vec![version(1, START, list)])
}

/// A tariff at each level: 1 yuan for the platform, 5 for the connector.
fn five_levels() -> PriceBook {
    PriceBook {
        bindings: (1..)
            .zip(subjects())
            .map(|(number, subject)| binding(number, subject, number, START, None))
            .collect(),
        tariffs: (1..=5).map(|number| costing(number, &number.to_string())).collect(),
    }
}

/// The outcome of each binding, the narrowest first.
fn outcomes(book: &PriceBook, place: &PricedPlace, at: &str) -> Vec<(u128, Outcome)> {
    let considered = book.resolve(place, instant(at)).considered;
    considered.iter().map(|considered| (considered.binding_id.0.as_u128(), considered.outcome)).collect()
}

const NOON: &str = "2026-06-01T12:00:00Z";

#[test]
fn the_narrowest_level_wins() {
    let mut book = five_levels();
    for narrowest in (1..=5).rev() {
        let price = book.price_at(&here(), instant(NOON)).unwrap();
        assert_eq!(price.tariff_id.0, id(narrowest));
        assert_eq!((price.version, price.schedule, price.band), (1, 0, 0));
        let levels: Vec<_> = price.considered.iter().map(|considered| considered.level).collect();
        assert!(levels.is_sorted_by(|one, next| one > next));
        for considered in &price.considered {
            let wins = considered.binding_id == BindingId(id(narrowest));
            let by = BindingId(id(narrowest));
            assert_eq!(considered.outcome, if wins { Outcome::Applies } else { Outcome::Overridden { by } });
        }
        book.bindings.pop();
    }
    assert_eq!(
        book.price_at(&here(), instant(NOON)),
        Err(Unpriced::NoTariff { at: instant(NOON), considered: vec![] })
    );
}

#[test]
fn bindings_of_other_places_are_not_considered() {
    let book = five_levels();
    let elsewhere =
        PricedPlace { operator_id: None, station_id: StationId(id(2)), pile_id: None, connector_id: None };
    assert_eq!(outcomes(&book, &elsewhere, NOON), [(1, Outcome::Applies)]);
    let other_connector = PricedPlace { connector_id: ConnectorId::parse(1).ok(), ..here() };
    assert_eq!(book.price_at(&other_connector, instant(NOON)).unwrap().tariff_id.0, id(4));
    // A connector belongs to its pile: connector 2 of another pile is another connector.
    let other_pile = PricedPlace { pile_id: Some(PileId(id(8))), ..here() };
    assert_eq!(book.price_at(&other_pile, instant(NOON)).unwrap().tariff_id.0, id(3));
}

#[test]
fn each_binding_that_does_not_apply_has_a_reason() {
    let mut book = five_levels();
    book.bindings[4].effective_from = instant("2026-07-01T00:00:00Z");
    book.bindings[3].effective_until = Some(instant(NOON));
    book.tariffs[2].details.status = TariffStatus::Draft;
    book.tariffs[1].versions[0].effective_from = instant("2026-07-01T00:00:00Z");
    let found = outcomes(&book, &here(), NOON);
    let reasons = [
        (5, Outcome::NotYet { effective_from: instant("2026-07-01T00:00:00Z") }),
        (4, Outcome::Over { effective_until: instant(NOON) }),
        (3, Outcome::TariffNotActive),
        (2, Outcome::NoVersionInForce),
    ];
    assert_eq!(found[..4], reasons);
    assert_eq!(found[4], (1, Outcome::Applies));
    book.tariffs.remove(0);
    assert_eq!(outcomes(&book, &here(), NOON)[4], (1, Outcome::TariffUnknown));
}

#[test]
fn a_binding_includes_its_start_and_excludes_its_end() {
    let station = Subject::Station { station_id: StationId(id(1)) };
    let end = "2026-06-01T13:00:00Z";
    let book =
        PriceBook { bindings: vec![binding(1, station, 1, NOON, Some(end))], tariffs: vec![costing(1, "1")] };
    let price = |at| book.price_at(&here(), at);
    let instant_before = TimeDelta::microseconds(1);
    assert!(price(instant(NOON)).is_ok() && price(instant(end) - instant_before).is_ok());
    assert!(price(instant(NOON) - instant_before).is_err() && price(instant(end)).is_err());
}

#[test]
fn overlapping_bindings_are_found_and_the_later_one_applies() {
    let [platform, _, station, ..] = subjects();
    let june = "2026-06-01T00:00:00Z";
    let july = "2026-07-01T00:00:00Z";
    let bindings = vec![
        binding(1, station.clone(), 1, START, Some(july)),
        binding(2, station.clone(), 2, june, None),
        binding(3, station, 3, START, Some(START)),
        binding(4, platform.clone(), 1, START, Some(june)),
        binding(5, platform, 2, june, None),
    ];
    let clash = BindingOverlap {
        one: BindingId(id(1)),
        other: BindingId(id(2)),
        from: instant(june),
        until: Some(instant(july)),
    };
    assert_eq!(clashes(&bindings), [clash]);
    let tariffs = (1..=3).map(|number| costing(number, &number.to_string())).collect();
    let book = PriceBook { bindings, tariffs };
    let (by, found) = (BindingId(id(2)), outcomes(&book, &here(), NOON));
    assert_eq!(found[0], (2, Outcome::Applies));
    assert_eq!(
        found[1..3],
        [(3, Outcome::Over { effective_until: instant(START) }), (1, Outcome::Overridden { by })]
    );
}

/// The station's own tariff, 3 yuan, applies from 12:00 to 13:00; before and after that the
/// platform's applies, 1 yuan. 11:30 to 13:30, 4 kWh, 2 kWh an hour: 1 kWh × 1 + 2 kWh × 3 + 1 kWh
/// × 1 = 8.
#[test]
fn a_tariff_that_applies_during_a_part_of_a_session_prices_the_energy_of_that_part() {
    let [platform, _, station, ..] = subjects();
    let bindings = vec![
        binding(1, platform, 1, START, None),
        binding(2, station, 3, NOON, Some("2026-06-01T13:00:00Z")),
    ];
    let mut book = PriceBook { bindings, tariffs: vec![costing(1, "1"), costing(3, "3")] };
    let usage =
        Usage::even(instant("2026-06-01T11:30:00Z"), instant("2026-06-01T13:30:00Z"), wh("4000")).unwrap();
    let total = |book: &PriceBook| book.quote(&here(), &usage).map(|quote| quote.totals.total.to_string());
    assert_eq!(total(&book).unwrap(), "8.00 CNY");
    // The tariff at the start decides: with frozen prices it prices all 4 kWh.
    book.tariffs[0].details.change_rule = ChangeRule::FrozenAtStart;
    assert_eq!(total(&book).unwrap(), "4.00 CNY");
    book.tariffs[0].details.change_rule = ChangeRule::ByConsumption;
    book.tariffs[1].details.currency = domain::tariffs::Currency::parse("USD").unwrap();
    assert!(matches!(total(&book), Err(Unpriced::MixedCurrencies { .. })));
    book.bindings[0].effective_until = Some(instant("2026-06-01T13:00:00Z"));
    let Err(Unpriced::NoTariff { at, considered }) = total(&book) else { panic!("a tariff is missing") };
    assert_eq!((at, considered.len()), (instant("2026-06-01T13:00:00Z"), 2));
}

#[test]
fn the_version_with_the_latest_start_is_in_force() {
    let mut tariff = costing(1, "1");
    let list = tariff.versions[0].price_list.clone();
    // The third corrects the second before it begins, and the fourth concerns an earlier time.
    for (number, from) in [(2, NOON), (3, NOON), (4, "2026-03-01T00:00:00Z")] {
        tariff.versions.push(version(number, from, list.clone()));
    }
    let number = |at| tariff.version_at(instant(at)).map(|version| version.number);
    assert_eq!(
        [number("2025-12-31T23:59:59Z"), number(START), number("2026-05-01T00:00:00Z")],
        [None, Some(1), Some(4)]
    );
    assert_eq!(number(NOON), Some(3));
}

#[test]
fn prices_are_available_only_for_the_priced_years_and_31_days() {
    let book = five_levels();
    let zone = Zone::parse("Asia/Shanghai").unwrap();
    let week =
        |first: &str, days| book.timetable_of_days(&here(), zone, first.parse().unwrap(), days).map(|_| ());
    assert_eq!(week("2026-06-01", 31), Ok(()));
    assert_eq!(week("2026-06-01", 32), Err(Unpriced::OutOfReach));
    assert_eq!(week("2026-06-01", u64::MAX), Err(Unpriced::OutOfReach));
    assert_eq!(week("2100-01-01", 1), Err(Unpriced::OutOfReach));
    assert_eq!(week("+262142-12-31", 1), Err(Unpriced::OutOfReach));
    assert_eq!(book.price_at(&here(), chrono::DateTime::<chrono::Utc>::MAX_UTC), Err(Unpriced::OutOfReach));
}

#[test]
fn a_timetable_lists_the_times_without_a_price() {
    let mut book = five_levels();
    book.bindings.truncate(1);
    book.bindings[0].effective_from = instant("2026-11-23T10:00:00Z");
    book.bindings[0].effective_until = Some(instant("2026-11-23T20:00:00Z"));
    let (from, to) = (instant("2026-11-23T00:00:00Z"), instant("2026-11-24T00:00:00Z"));
    let shown = book.timetable(&here(), from, to).unwrap();
    let unpriced: Vec<_> = shown.unpriced.iter().map(|time| (time.from, time.to)).collect();
    assert_eq!(unpriced, [(from, instant("2026-11-23T10:00:00Z")), (instant("2026-11-23T20:00:00Z"), to)]);
    assert_eq!(shown.rows.first().unwrap().from, instant("2026-11-23T10:00:00Z"));
    assert_eq!(shown.rows.last().unwrap().to, instant("2026-11-23T20:00:00Z"));
    assert!(book.zone(&here(), from, to).is_ok());
    let before = instant("2026-11-23T09:00:00Z");
    assert!(
        matches!(book.timetable(&here(), from, before), Err(Unpriced::NoTariff { at, .. }) if at == from)
    );
    assert!(matches!(book.zone(&here(), from, before), Err(Unpriced::NoTariff { .. })));
}
