//! Tariffs, price lists and places for tests, and the feed changes of a tariff.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use domain::assets::{
    CurrentType, EditStamp, OperatorBound, Outlets, Pile, PileDetails, RatedPower, Revision, Station,
    StationDetails, StationStatus,
};
use domain::feed::{FeedKind, FeedSubject};
use domain::ids::{Actor, BindingId, ChargePointId, PileId, StationId, TariffId};
use domain::tariffs::{
    BandDraft, Binding, ChangeRule, ChargingTimeDraft, Currency, OccupancyDraft, PriceList, PriceListDraft,
    ScheduleDraft, SeasonDraft, Subject, TariffDetails, TariffStatus, TierDraft,
};
use domain::text::Label;
use std::collections::BTreeSet;
use storage::assets::{piles, stations};
use storage::tariffs::{TariffRecord, versions};
use storage::{Connection, feed, tariffs};
use uuid::Uuid;

/// Long ago, so that versions in force since then are due by every clock.
pub fn noon() -> DateTime<Utc> {
    "2026-07-25T12:00:00.000001Z".parse().unwrap()
}

pub fn hours(hours: i64) -> TimeDelta {
    TimeDelta::hours(hours)
}

/// An hour from now by the database's clock, with PostgreSQL's precision.
pub async fn in_an_hour(database: &testkit::TestDatabase) -> DateTime<Utc> {
    let text = database.json("clock_timestamp() + interval '1 hour'").await;
    let at: DateTime<Utc> = serde_json::from_value(text).unwrap();
    at.trunc_subsecs(6)
}

pub fn operator() -> Actor {
    Actor::parse("op-7").unwrap()
}

pub fn signed(at: DateTime<Utc>) -> EditStamp {
    EditStamp { at, by: operator() }
}

pub fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

const fn first(at: DateTime<Utc>) -> Revision {
    Revision { created_at: at, updated_at: at, version: 1, retired_at: None }
}

pub fn tariff(name: &str, at: DateTime<Utc>) -> TariffRecord {
    TariffRecord {
        id: TariffId(Uuid::now_v7()),
        details: TariffDetails {
            name: label(name),
            operator_id: Some(label("OP-1")),
            currency: Currency::parse("CNY").unwrap(),
            status: TariffStatus::Active,
            change_rule: ChangeRule::ByConsumption,
        },
        revision: first(at),
        awaits_approval: false,
    }
}

fn band(from: &str, to: &str, kind: &str, price: &str) -> BandDraft {
    BandDraft {
        from: from.to_owned(),
        to: to.to_owned(),
        kind: kind.to_owned(),
        electricity_price: price.to_owned(),
        service_fee: "0.80".to_owned(),
        tiers: None,
    }
}

/// A price list with one price all day.
pub fn flat(price: &str) -> PriceList {
    let bands = vec![band("00:00", "24:00", "flat", price)];
    let daily = ScheduleDraft { seasons: None, weekdays: None, holiday: None, bands };
    let draft = PriceListDraft {
        time_zone: "Asia/Shanghai".to_owned(),
        holidays: None,
        schedules: vec![daily],
        session_fee: None,
        charging_time: None,
        occupancy: None,
        tax_percent: None,
    };
    PriceList::try_from(draft).unwrap()
}

/// A price list that uses every feature.
pub fn elaborate() -> PriceList {
    let daily = |bands| ScheduleDraft { seasons: None, weekdays: None, holiday: None, bands };
    let season = SeasonDraft { from: "07-01".to_owned(), to: "08-31".to_owned() };
    let summer = ScheduleDraft {
        seasons: Some(vec![season]),
        weekdays: Some(vec!["Monday".to_owned(), "Friday".to_owned()]),
        holiday: Some(false),
        bands: vec![band("23:00", "07:00", "valley", "0.3158"), band("07:00", "23:00", "sharp", "1.2345")],
    };
    let tier = TierDraft {
        above_wh: 20_000,
        electricity_price: "0.9055".to_owned(),
        service_fee: "0.80".to_owned(),
    };
    let tiered = BandDraft { tiers: Some(vec![tier]), ..band("00:00", "24:00", "flat", "0.7055") };
    let draft = PriceListDraft {
        time_zone: "Asia/Shanghai".to_owned(),
        holidays: Some(vec!["2026-10-01".to_owned()]),
        schedules: vec![summer, daily(vec![tiered])],
        session_fee: Some("1".to_owned()),
        charging_time: Some(ChargingTimeDraft {
            price_per_minute: "0.1".to_owned(),
            basis: "energyFlow".to_owned(),
        }),
        occupancy: Some(OccupancyDraft {
            price_per_minute: "0.5".to_owned(),
            grace_minutes: 15,
            cap: Some("50".to_owned()),
        }),
        tax_percent: Some("13".to_owned()),
    };
    PriceList::try_from(draft).unwrap()
}

/// Creates a tariff.
pub async fn made(connection: &mut Connection, name: &str) -> TariffId {
    let tariff = tariff(name, noon());
    tariffs::insert(connection, &tariff, &operator()).await.unwrap();
    tariff.id
}

/// Stores `list` as the draft of a tariff.
pub async fn draft(connection: &mut Connection, tariff: TariffId, list: PriceList) -> versions::Version {
    let check = |_: &_| Ok::<_, versions::DraftRefusal>(list);
    versions::put_draft(connection, &OperatorBound::All, tariff, None, &signed(noon()), check)
        .await
        .unwrap()
        .unwrap()
}

/// Publishes `list` as the next version of a tariff, in force from `from` on.
pub async fn publish(connection: &mut Connection, tariff: TariffId, list: PriceList, from: DateTime<Utc>) {
    draft(connection, tariff, list).await;
    let published =
        versions::publish(connection, &OperatorBound::All, tariff, None, Some(from), &signed(noon())).await;
    published.unwrap().unwrap();
}

pub fn binding(
    subject: Subject,
    tariff_id: TariffId,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
) -> Binding {
    Binding {
        id: BindingId(Uuid::now_v7()),
        subject,
        tariff_id,
        effective_from: from,
        effective_until: until,
    }
}

/// Creates a station of the operator `OP-1` with one pile.
pub async fn place(connection: &mut Connection) -> (StationId, PileId) {
    let station = Station {
        id: StationId(Uuid::now_v7()),
        details: StationDetails {
            name: label("North"),
            address: None,
            operator_id: Some(label("OP-1")),
            location: None,
            status: StationStatus::Open,
            opening_hours: None,
            facilities: BTreeSet::new(),
            startable_statuses: None,
        },
        revision: first(noon()),
    };
    let pile = Pile {
        id: PileId(Uuid::now_v7()),
        station_id: station.id,
        details: PileDetails {
            charge_point_id: ChargePointId::parse(&format!("CP-{}", Uuid::now_v7())).unwrap(),
            name: None,
            model: label("DC-120"),
            vendor: None,
            serial_number: None,
            rated_power_kw: RatedPower::parse(120.0).unwrap(),
            current_type: Some(CurrentType::Dc),
            connectors: Outlets::default(),
        },
        revision: first(noon()),
    };
    stations::insert(connection, &station, &operator()).await.unwrap();
    piles::insert(connection, &OperatorBound::All, &pile, &operator()).await.unwrap().unwrap();
    (station.id, pile.id)
}

/// The feed changes of a tariff, one line each, in order.
pub async fn feed_lines(connection: &mut Connection, tariff: TariffId) -> Vec<String> {
    while feed::sequence(connection).await.unwrap() > 0 {}
    let chunks = feed::list_after(connection, 0, 1_000).await.unwrap();
    let changes = chunks.into_iter().flat_map(|chunk| chunk.changes);
    let of_tariff = changes.filter(|change| change.subject == FeedSubject::Tariff(tariff));
    let line = |kind: FeedKind| match kind {
        FeedKind::TariffChanged(body) => {
            let prices = body.prices.map_or(String::new(), |prices| format!(" prices {}", prices.number));
            format!("{:?} {}{prices}", body.action, body.version)
        }
        FeedKind::TariffBindingChanged(body) => {
            format!("{:?} {}", body.action, body.subject.level().as_str())
        }
        other => other.type_name().to_owned(),
    };
    of_tariff.map(|change| line(change.kind)).collect()
}
