//! Receipts agree with quotes, and are functions of the facts.

use crate::build::*;
use crate::generated::sessions;
use chrono::{DateTime, TimeDelta, Utc};
use domain::assets::Placement;
use domain::feed::{LiveMeter, SessionMetered, SessionPhase};
use domain::ids::{ChargePointId, ConnectorId, PileId, SessionId, StationId};
use domain::sessions::session::{ChargingSession, SessionState, StartedBy};
use domain::tariffs::{
    ChangeRule, MeteredSession, PriceBook, Reading, Receipt, UnpricedCode, UnquotableSession, Usage,
};
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

fn float(reading: &Reading) -> f64 {
    reading.register.wh().to_string().parse().unwrap()
}

/// The facts of a session with this usage, while it is open: its start, and all readings.
fn open(usage: &Usage) -> MeteredSession {
    let (first, rest) = usage.readings().split_first().unwrap();
    MeteredSession {
        session: ChargingSession {
            id: SessionId(Uuid::from_u128(7)),
            charge_point_id: ChargePointId::parse("CP-1").unwrap(),
            connector_id: ConnectorId::parse(1).unwrap(),
            transaction_id: None,
            id_tag: None,
            reservation_id: None,
            command_id: None,
            started_at: first.at,
            meter_start_wh: Some(float(first)),
            started_by: StartedBy::Event,
            state: SessionState::Open,
        },
        place: Some(Placement {
            pile_id: PileId(Uuid::from_u128(2)),
            station_id: StationId(Uuid::from_u128(1)),
            operator_id: None,
        }),
        samples: rest.iter().map(|reading| (reading.at, float(reading))).collect(),
        freed_at: None,
    }
}

/// The same session after its stop, at the last reading.
fn ended(usage: &Usage) -> MeteredSession {
    let mut metered = open(usage);
    let last = usage.readings().last().unwrap();
    metered.session.state =
        SessionState::Ended { at: last.at, reason: None, meter_stop_wh: Some(float(last)) };
    metered.freed_at = usage.unplugged_at();
    metered
}

/// The receipts that are written if each of `steps` is checked: one for each other content.
fn written(steps: impl IntoIterator<Item = Receipt>) -> Vec<Receipt> {
    let mut receipts: Vec<Receipt> = Vec::new();
    for receipt in steps {
        if receipts.last() != Some(&receipt) {
            receipts.push(receipt);
        }
    }
    receipts
}

fn json(receipt: &Receipt) -> String {
    serde_json::to_string(receipt).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// What a driver was shown while charging is what the receipt says, over bands, midnight, clock
    /// changes and versions: only occupancy is added afterwards.
    #[test]
    fn the_quote_of_an_open_session_and_its_receipt_agree((book, usage, _) in sessions()) {
        let open = open(&usage);
        let shown = open.quote(&open.usage().unwrap(), &book).unwrap();
        let receipt = Receipt::of(&ended(&usage), &book);
        let price = receipt.price.unwrap();
        prop_assert_eq!(&price.items, &shown.quote.items);
        prop_assert_eq!(price.session_fee, shown.quote.session_fee);
        prop_assert_eq!(receipt.energy_wh, Some(shown.quote.energy_wh));
        let without_occupancy = price.totals.total.amount() - price.totals.occupancy.amount();
        prop_assert_eq!(without_occupancy, shown.quote.totals.total.amount());
        prop_assert_eq!(shown.quote.occupancy, None);
    }

    /// The feed has the same energy and cost for an open session as its quote, at each reading, and
    /// its receipt has what the last one had.
    #[test]
    fn the_meter_of_an_open_session_has_its_quote((book, usage, _) in sessions()) {
        let complete = open(&usage);
        for count in 1..=complete.samples.len() {
            let samples = complete.samples[..count].to_vec();
            let metered = MeteredSession { samples, ..complete.clone() };
            let quoted = metered.quote(&metered.usage().unwrap(), &book);
            let live = LiveMeter { read_at: metered.samples[count - 1].0, power_w: Some(7_000.0), soc_percent: None };
            let SessionMetered { session, meter } = SessionMetered::of(&metered, live, &quoted);
            let quote = quoted.unwrap().quote;
            prop_assert_eq!((session.phase, session.place), (SessionPhase::Open, metered.place));
            prop_assert_eq!((meter.read_at, meter.power_w, meter.soc_percent), (live.read_at, Some(7_000.0), None));
            prop_assert_eq!((meter.total, meter.unpriced), (Some(quote.totals.to_pay()), None));
            prop_assert_eq!(meter.energy_wh, quote.energy_wh.wh().to_string().parse().ok());
            let beyond = usage.energy().beyond(quote.energy_wh);
            prop_assert_eq!(count == complete.samples.len(), beyond == wh("0") && live.read_at == usage.ended_at());
        }
    }

    /// The energies of the bands are the energy of the session, and the stated versions are those of
    /// the items, without a gap.
    #[test]
    fn a_receipt_accounts_for_all_its_energy_and_time((book, usage, _) in sessions()) {
        let receipt = Receipt::of(&ended(&usage), &book);
        let bands: Decimal = receipt.energy_by_band.iter().map(|band| band.energy_wh.wh()).sum();
        prop_assert_eq!(bands, usage.energy().wh());
        let mut at = usage.started_at();
        for part in &receipt.tariffs {
            prop_assert_eq!(part.from, at);
            at = part.to;
        }
        prop_assert_eq!(at, usage.ended_at());
        for item in &receipt.price.unwrap().items {
            let has = |at: DateTime<Utc>| {
                receipt.tariffs.iter().any(|part| {
                    (part.tariff_id, part.version) == (item.tariff_id, item.version)
                        && part.from <= at && at < part.to
                })
            };
            prop_assert!(has(item.from.to_utc()), "{:?} is not among {:?}", item, receipt.tariffs);
        }
    }

    /// Readings that arrive late, in any order and more than once, lead to the receipt that would
    /// have been written at once, and copies lead to none.
    #[test]
    fn receipts_are_functions_of_the_facts(
        (book, usage, _) in sessions(),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 1..20),
    ) {
        let complete = ended(&usage);
        let mut known = BTreeMap::new();
        let receipt = |known: &BTreeMap<DateTime<Utc>, f64>| {
            let samples = known.iter().map(|(at, wh)| (*at, *wh)).collect();
            Receipt::of(&MeteredSession { samples, ..complete.clone() }, &book)
        };
        let mut steps = vec![receipt(&known)];
        let arrivals = order.iter().map(|index| *index.get(&complete.samples)).chain(complete.samples.clone());
        for (at, wh) in arrivals {
            known.insert(at, wh);
            steps.push(receipt(&known));
        }
        let receipts = written(steps);
        prop_assert!(receipts.len() <= complete.samples.len() + 1, "a copy must not lead to a receipt");
        let at_once = Receipt::of(&complete, &book);
        prop_assert_eq!(receipts.last(), Some(&at_once));
        prop_assert_eq!(json(receipts.last().unwrap()), json(&at_once));
        // Each receipt states the energy between the registers of start and stop.
        prop_assert!(receipts.iter().all(|receipt| receipt.energy_wh == at_once.energy_wh));
    }
}

fn usage() -> Usage {
    let reading = |at: &str, register| Reading { at: instant(at), register: wh(register) };
    let readings = vec![reading("2026-11-23T10:00:00Z", "1000"), reading("2026-11-23T11:00:00Z", "21000")];
    Usage::metered(readings).unwrap()
}

#[test]
fn a_session_without_a_tariff_has_a_receipt_without_a_price() {
    let receipt = Receipt::of(&ended(&usage()), &PriceBook::default());
    assert_eq!((receipt.energy_wh, receipt.price), (Some(wh("20000")), None));
    assert_eq!(receipt.unpriced.unwrap().code, UnpricedCode::NoTariffApplies);
    assert_eq!(receipt.reading_count, 2);

    let nowhere = MeteredSession { place: None, ..ended(&usage()) };
    let receipt = Receipt::of(&nowhere, &PriceBook::default());
    assert_eq!(receipt.unpriced.unwrap().code, UnpricedCode::SessionWithoutPile);

    let mut unmetered = ended(&usage());
    unmetered.session.meter_start_wh = None;
    unmetered.session.state = SessionState::Ended {
        at: unmetered.session.started_at + TimeDelta::hours(1),
        reason: None,
        meter_stop_wh: None,
    };
    unmetered.samples.clear();
    let receipt = Receipt::of(&unmetered, &PriceBook::default());
    assert_eq!((receipt.energy_wh, receipt.reading_count), (None, 0));
    assert_eq!(receipt.unpriced.unwrap().code, UnpricedCode::SessionNotMetered);
    let quoted = unmetered.usage().map_err(UnquotableSession::from);
    assert!(matches!(quoted, Err(UnquotableSession::NotMetered(_))));

    let live = LiveMeter { read_at: instant("2026-11-23T11:00:00Z"), power_w: None, soc_percent: None };
    let metered = open(&usage());
    let quoted = metered.quote(&metered.usage().unwrap(), &PriceBook::default());
    let meter = SessionMetered::of(&metered, live, &quoted).meter;
    assert_eq!((meter.energy_wh, meter.total), (Some(20_000.0), None), "energy needs no tariff");
    assert_eq!(meter.unpriced, Some(UnpricedCode::NoTariffApplies));
}

#[test]
fn a_receipt_names_the_binding_and_the_versions_that_applied() {
    let prices = |price: &str| list("Asia/Shanghai", &[&format!("00:00-24:00 flat {price} 0.80")]);
    let versions = vec![
        version(1, "1970-01-01T00:00:00Z", prices("0.50")),
        version(2, "2026-11-23T10:30:00Z", prices("0.70")),
    ];
    let parts = |rule| {
        let book = book_of(tariff(1, "CNY", rule, versions.clone()));
        let binding = book.bindings[0].id;
        let receipt = Receipt::of(&ended(&usage()), &book);
        assert!(receipt.tariffs.iter().all(|part| part.binding_id == binding));
        receipt.tariffs.iter().map(|part| part.version).collect::<Vec<_>>()
    };
    assert_eq!(parts(ChangeRule::FrozenAtStart), [1]);
    assert_eq!(parts(ChangeRule::ByConsumption), [1, 2]);
}
