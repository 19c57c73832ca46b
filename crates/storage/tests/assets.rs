//! Stations and piles in a real PostgreSQL: guarantees of the indexes and locks.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::assets::{
    ConnectorType, CurrentType, EditStamp, Facility, Location, OpeningHours, OperatorBound, Outlet, Outlets,
    Pile, PileDetails, RatedPower, Revision, StartableStatuses, Station, StationDetails, StationStatus,
};
use domain::ids::{Actor, ChargePointId, ConnectorId, PileId, StationId};
use domain::status::ConnectorStatus;
use domain::text::Label;
use std::collections::BTreeSet;
use storage::assets::audit::Edited;
use storage::assets::{audit, piles, stations};
use testkit::TestDatabase;
use uuid::Uuid;

fn noon() -> DateTime<Utc> {
    "2026-07-25T12:00:00.000001Z".parse().unwrap()
}

fn operator() -> Actor {
    Actor::parse("op-7").unwrap()
}

fn signed(at: DateTime<Utc>) -> EditStamp {
    EditStamp { at, by: operator() }
}

const fn first(at: DateTime<Utc>) -> Revision {
    Revision { created_at: at, updated_at: at, version: 1, retired_at: None }
}

fn statuses(all: &[ConnectorStatus]) -> StartableStatuses {
    StartableStatuses::parse(all.to_vec()).unwrap()
}

fn station() -> Station {
    Station {
        id: StationId(Uuid::now_v7()),
        details: StationDetails {
            name: Label::parse("North").unwrap(),
            address: Some(Label::parse("虹桥路1号").unwrap()),
            operator_id: None,
            location: Some(Location::parse(31.2, 121.4).unwrap()),
            status: StationStatus::Closed,
            opening_hours: Some(OpeningHours::Always),
            facilities: BTreeSet::from([Facility::Wifi, Facility::Restroom]),
            startable_statuses: Some(statuses(&[ConnectorStatus::Preparing, ConnectorStatus::Available])),
        },
        revision: first(noon()),
    }
}

fn pile(station: StationId, charge_point_id: &str) -> Pile {
    let outlet = Outlet {
        connector_id: ConnectorId::parse(1).unwrap(),
        kind: ConnectorType::GbDc,
        max_power_kw: Some(RatedPower::parse(60.0).unwrap()),
    };
    Pile {
        id: PileId(Uuid::now_v7()),
        station_id: station,
        details: PileDetails {
            charge_point_id: ChargePointId::parse(charge_point_id).unwrap(),
            name: None,
            model: Label::parse("DC-120").unwrap(),
            vendor: Some(Label::parse("Vendor-A").unwrap()),
            serial_number: None,
            rated_power_kw: RatedPower::parse(120.0).unwrap(),
            current_type: Some(CurrentType::Dc),
            connectors: Outlets::parse(vec![outlet]).unwrap(),
        },
        revision: first(noon()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_survives_writing_and_reading() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let station = station();
    stations::insert(&mut connection, &station, &operator()).await.unwrap();
    let found = stations::find(&mut connection, &OperatorBound::All, station.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&station));

    let details = StationDetails { address: None, location: None, ..station.details.clone() };
    let later = noon() + TimeDelta::hours(1);
    let updated = stations::update(
        &mut connection,
        &OperatorBound::All,
        station.id,
        Some(&[1]),
        &signed(later),
        |_| Ok::<_, stations::StationRefusal>(details.clone()),
    )
    .await;
    let revision = Revision { updated_at: later, version: 2, ..station.revision };
    assert_eq!(updated.unwrap().unwrap().0, Station { details, revision, ..station });
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_a_missing_current_type_readably_for_the_previous_release() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let station = station();
    stations::insert(&mut connection, &station, &operator()).await.unwrap();
    for (device, power_kw, word) in [("CP-1", 7.0, "AC"), ("CP-2", 120.0, "DC")] {
        let mut pile = pile(station.id, device);
        pile.details.current_type = None;
        pile.details.rated_power_kw = RatedPower::parse(power_kw).unwrap();
        piles::insert(&mut connection, &OperatorBound::All, &pile, &operator()).await.unwrap().unwrap();
        assert_eq!(
            piles::find(&mut connection, &OperatorBound::All, pile.id).await.unwrap().as_ref(),
            Some(&pile)
        );
        let column = format!("select current_type from piles where id = '{}'", pile.id);
        assert_eq!(database.json(&column).await, word);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_current_types_written_by_the_previous_and_the_next_release() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let (station, mut pile) = (station(), pile(StationId(Uuid::now_v7()), "CP-1"));
    (pile.station_id, pile.details.current_type) = (station.id, None);
    stations::insert(&mut connection, &station, &operator()).await.unwrap();
    piles::insert(&mut connection, &OperatorBound::All, &pile, &operator()).await.unwrap().unwrap();
    for (edit, read) in [
        // The previous release writes back the word that it read, with every other edit.
        ("name = '1', current_type = 'DC'", None),
        ("current_type = 'AC'", Some(CurrentType::Ac)),
        // The next release writes null.
        ("current_type = null, placeholder_current_type = null", None),
    ] {
        database.execute(&format!("update piles set {edit}")).await;
        let found = piles::find(&mut connection, &OperatorBound::All, pile.id).await.unwrap().unwrap();
        assert_eq!(found.details.current_type, read, "{edit}");
    }
    for stated in [Some(CurrentType::Dc), None] {
        let updated =
            piles::update(&mut connection, &OperatorBound::All, pile.id, None, &signed(noon()), |before| {
                Ok::<_, piles::PileRefusal>(PileDetails { current_type: stated, ..before.clone() })
            })
            .await;
        assert_eq!(updated.unwrap().unwrap().0.details.current_type, stated);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_has_at_least_one_startable_status_or_null() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let mut station = station();
    stations::insert(&mut connection, &station, &operator()).await.unwrap();
    let place = station.details.location.unwrap();
    let near = stations::Near { place, radius_m: 1_000.0 };
    for statuses in [None, Some(statuses(&[ConnectorStatus::Finishing]))] {
        let updated = stations::update(
            &mut connection,
            &OperatorBound::All,
            station.id,
            None,
            &signed(noon()),
            |before| {
                Ok::<_, stations::StationRefusal>(StationDetails {
                    startable_statuses: statuses.clone(),
                    ..before.clone()
                })
            },
        )
        .await;
        station = updated.unwrap().unwrap().0;
        assert_eq!(station.details.startable_statuses, statuses);
        assert_eq!(
            stations::find(&mut connection, &OperatorBound::All, station.id).await.unwrap().as_ref(),
            Some(&station)
        );
        let open = stations::Filter { status: Some(StationStatus::Closed), ..stations::Filter::default() };
        for filter in [stations::Filter::default(), open] {
            let found = stations::list_near(&mut connection, &OperatorBound::All, &near, &filter, None, 2)
                .await
                .unwrap();
            assert_eq!(found.iter().map(|(found, _)| found).collect::<Vec<_>>(), [&station]);
        }
    }
    let statement = "do $$ begin
        update stations set startable_statuses = '{}';
        raise 'an empty array was accepted';
        exception when check_violation then null;
        end $$";
    database.execute(statement).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_edit_of_another_version() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let (station, unknown) = (station(), StationId(Uuid::now_v7()));
    stations::insert(&mut connection, &station, &operator()).await.unwrap();
    let pile = pile(station.id, "CP-1");
    piles::insert(&mut connection, &OperatorBound::All, &pile, &operator()).await.unwrap().unwrap();

    let other = stations::update(
        &mut connection,
        &OperatorBound::All,
        station.id,
        Some(&[2, 3]),
        &signed(noon()),
        |before| Ok::<_, stations::StationRefusal>(before.clone()),
    )
    .await;
    assert_eq!(other.unwrap(), Err(stations::StationRefusal::OtherVersion { current: 1 }));
    let none = stations::retire(&mut connection, &OperatorBound::All, unknown, None, &signed(noon())).await;
    assert_eq!(none.unwrap(), Err(stations::StationRefusal::NotFound));
    let other =
        piles::retire(&mut connection, &OperatorBound::All, pile.id, Some(&[]), &signed(noon())).await;
    assert_eq!(other.unwrap(), Err(piles::PileRefusal::OtherVersion { current: 1 }));
    assert_eq!(piles::find(&mut connection, &OperatorBound::All, pile.id).await.unwrap(), Some(pile));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unique_index_allows_one_pile_per_device() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let station = station();
    stations::insert(&mut connection, &station, &operator()).await.unwrap();
    let (first, second) = (pile(station.id, "CP-1"), pile(station.id, "CP-1"));
    piles::insert(&mut connection, &OperatorBound::All, &first, &operator()).await.unwrap().unwrap();
    let taken = Err(piles::PileRefusal::ChargePointTaken(first.details.charge_point_id.clone()));
    assert_eq!(
        piles::insert(&mut connection, &OperatorBound::All, &second, &operator()).await.unwrap(),
        taken
    );

    piles::retire(&mut connection, &OperatorBound::All, first.id, None, &signed(noon()))
        .await
        .unwrap()
        .unwrap();
    piles::insert(&mut connection, &OperatorBound::All, &second, &operator()).await.unwrap().unwrap();
    let listed =
        piles::list(&mut connection, &OperatorBound::All, &piles::Filter::default(), None, 10).await.unwrap();
    assert_eq!(listed, [second]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_pile_is_added_to_a_station_while_it_is_retired() {
    let database = TestDatabase::new().await;
    for round in 0..20 {
        let station = station();
        let id = station.id;
        let pile = pile(id, &format!("CP-{round}"));
        let mut connection = database.pool.connection().await.unwrap();
        stations::insert(&mut connection, &station, &operator()).await.unwrap();
        let mut other = database.pool.connection().await.unwrap();
        let (retired, inserted) = tokio::join!(
            async {
                stations::retire(&mut connection, &OperatorBound::All, id, None, &signed(noon()))
                    .await
                    .unwrap()
            },
            async { piles::insert(&mut other, &OperatorBound::All, &pile, &operator()).await.unwrap() },
        );
        let refused = (
            retired == Err(stations::StationRefusal::NotEmpty),
            inserted == Err(piles::PileRefusal::StationNotFound),
        );
        assert_ne!(refused.0, refused.1, "{retired:?} {inserted:?}");
        assert_eq!((retired.is_ok(), inserted.is_ok()), (refused.1, refused.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_pile_does_not_prevent_retiring_its_station() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let station = station();
    let pile = pile(station.id, "CP-1");
    stations::insert(&mut connection, &station, &operator()).await.unwrap();
    piles::insert(&mut connection, &OperatorBound::All, &pile, &operator()).await.unwrap().unwrap();
    let refused =
        stations::retire(&mut connection, &OperatorBound::All, station.id, None, &signed(noon())).await;
    assert_eq!(refused.unwrap(), Err(stations::StationRefusal::NotEmpty));
    piles::retire(&mut connection, &OperatorBound::All, pile.id, None, &signed(noon()))
        .await
        .unwrap()
        .unwrap();
    stations::retire(&mut connection, &OperatorBound::All, station.id, None, &signed(noon()))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stations::find(&mut connection, &OperatorBound::All, station.id).await.unwrap(), None);
    let found = stations::find_also_retired(&mut connection, &OperatorBound::All, station.id).await.unwrap();
    assert_eq!(found.unwrap().revision.retired_at, Some(noon()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_never_heard_has_no_live_view() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    database
        .execute(
            "insert into charge_points (charge_point_id, online, last_seen_at)
             values ('CP-1', true, '2026-07-25T12:00:00Z')",
        )
        .await;
    let (heard, silent) = (ChargePointId::parse("CP-1").unwrap(), ChargePointId::parse("CP-2").unwrap());
    let live = piles::load_live(&mut connection, &OperatorBound::All, &[&heard, &silent]).await.unwrap();
    assert_eq!(live.keys().collect::<Vec<_>>(), [&heard]);
    assert!(piles::load_live(&mut connection, &OperatorBound::All, &[]).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_edit_changes_nothing() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let station = station();
    stations::insert(&mut connection, &station, &operator()).await.unwrap();
    let (one, two) = (pile(station.id, "CP-1"), pile(station.id, "CP-2"));
    piles::insert(&mut connection, &OperatorBound::All, &one, &operator()).await.unwrap().unwrap();
    piles::insert(&mut connection, &OperatorBound::All, &two, &operator()).await.unwrap().unwrap();

    let refused =
        piles::update(&mut connection, &OperatorBound::All, two.id, None, &signed(noon()), |before| {
            Ok::<_, piles::PileRefusal>(PileDetails {
                charge_point_id: one.details.charge_point_id.clone(),
                ..before.clone()
            })
        })
        .await;
    let taken = piles::PileRefusal::ChargePointTaken(one.details.charge_point_id.clone());
    assert_eq!(refused.unwrap(), Err(taken));
    let refused = piles::update(&mut connection, &OperatorBound::All, two.id, None, &signed(noon()), |_| {
        Err::<PileDetails, _>(piles::PileRefusal::Unchanged)
    })
    .await;
    assert_eq!(refused.unwrap(), Err(piles::PileRefusal::Unchanged));
    assert_eq!(
        audit::list(&mut connection, &OperatorBound::All, Edited::Pile, two.id.0, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(piles::find(&mut connection, &OperatorBound::All, two.id).await.unwrap(), Some(two));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_pile_is_restored_into_a_concurrently_retired_station() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let mut other = database.pool.connection().await.unwrap();
    for round in 0..20 {
        let station = station();
        let (id, pile) = (station.id, pile(station.id, &format!("CP-{round}")));
        stations::insert(&mut connection, &station, &operator()).await.unwrap();
        piles::insert(&mut connection, &OperatorBound::All, &pile, &operator()).await.unwrap().unwrap();
        piles::retire(&mut connection, &OperatorBound::All, pile.id, None, &signed(noon()))
            .await
            .unwrap()
            .unwrap();
        let stamp = signed(noon());
        let (retired, restored) = tokio::join!(
            async { stations::retire(&mut connection, &OperatorBound::All, id, None, &stamp).await.unwrap() },
            async { piles::restore(&mut other, &OperatorBound::All, pile.id, None, &stamp).await.unwrap() },
        );
        assert_ne!(retired.is_ok(), restored.is_ok(), "{retired:?} {restored:?}");
    }
}
