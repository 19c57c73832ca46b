//! Which operator what belongs to while a station is handed over, and what bound callers can reach.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::assets::{
    CurrentType, EditStamp, OperatorBound, Outlets, Pile, PileDetails, RatedPower, Revision, Station,
    StationDetails, StationStatus,
};
use domain::devices::presence::Confidence;
use domain::feed::{ConnectivityChanged, FeedChange, FeedKind, FeedSubject};
use domain::ids::{Actor, ChargePointId, PileId, StationId};
use domain::text::Label;
use std::collections::BTreeSet;
use storage::assets::audit::{self, Edited};
use storage::assets::import::put_many;
use storage::assets::piles::{self, PileQuery, PileRefusal};
use storage::assets::stations::{self, StationRefusal};
use storage::assets::{connector_counts, pile_counts, placements};
use storage::feed::{self, Owner};
use storage::{Connection, sessions};
use testkit::TestDatabase;
use uuid::Uuid;

fn minute(number: i64) -> DateTime<Utc> {
    "2026-07-25T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(number)
}

fn stamp(number: i64) -> EditStamp {
    EditStamp { at: minute(number), by: Actor::parse("administrator").unwrap() }
}

fn revision() -> Revision {
    Revision { created_at: minute(0), updated_at: minute(0), version: 1, retired_at: None }
}

fn of(operator: &str) -> OperatorBound {
    OperatorBound::Only([operator.to_owned()].into())
}

fn station(operator: &str) -> Station {
    let details = StationDetails {
        name: Label::parse("Station").unwrap(),
        address: None,
        operator_id: Label::parse(operator).ok(),
        location: None,
        status: StationStatus::Open,
        opening_hours: None,
        facilities: BTreeSet::new(),
        startable_statuses: None,
    };
    Station { id: StationId(Uuid::now_v7()), details, revision: revision() }
}

fn details(device: &str) -> PileDetails {
    PileDetails {
        charge_point_id: ChargePointId::parse(device).unwrap(),
        name: None,
        model: Label::parse("DC-120").unwrap(),
        vendor: None,
        serial_number: None,
        rated_power_kw: RatedPower::parse(120.0).unwrap(),
        current_type: Some(CurrentType::Dc),
        connectors: Outlets::default(),
    }
}

/// A station of each of the operators `a` and `b`, with a pile each.
struct Site {
    stations: [StationId; 2],
    piles: [PileId; 2],
}

impl Site {
    async fn new(connection: &mut Connection) -> Self {
        let created = [station("a"), station("b")];
        let stations = created.each_ref().map(|station| station.id);
        let piles = [(); 2].map(|()| PileId(Uuid::now_v7()));
        let by = stamp(0).by;
        for (number, station) in created.iter().enumerate() {
            stations::insert(connection, station, &by).await.unwrap();
            let details = details(["CP-A", "CP-B"][number]);
            let pile = Pile { id: piles[number], station_id: station.id, details, revision: revision() };
            piles::insert(connection, &OperatorBound::All, &pile, &by).await.unwrap().unwrap();
        }
        Self { stations, piles }
    }

    /// Hands the first station over to `b` at minute 10.
    async fn hand_over(&self, connection: &mut Connection) {
        let operator_id = Label::parse("b").ok();
        let change = |before: &StationDetails| {
            Ok::<_, StationRefusal>(StationDetails { operator_id, ..before.clone() })
        };
        stations::update(connection, &OperatorBound::All, self.stations[0], None, &stamp(10), change)
            .await
            .unwrap()
            .unwrap();
    }
}

fn connectivity(device: &str, at: DateTime<Utc>) -> FeedChange {
    let body = ConnectivityChanged { online: true, gateway_id: None, confidence: Confidence::Live };
    FeedChange {
        subject: FeedSubject::ChargePoint(ChargePointId::parse(device).unwrap()),
        at,
        kind: FeedKind::ConnectivityChanged(body),
    }
}

/// The owners of all changes so far, each with the type and the time of the change.
async fn owners(connection: &mut Connection) -> Vec<(&'static str, DateTime<Utc>, Owner)> {
    feed::sequence_all(connection).await.unwrap();
    let chunks = feed::list_after(connection, 0, 100).await.unwrap();
    let owners = feed::load_owners(connection, &chunks).await.unwrap();
    let changes = chunks.iter().flat_map(|chunk| &chunk.changes);
    changes.zip(owners.concat()).map(|(change, owner)| (change.kind.type_name(), change.at, owner)).collect()
}

#[tokio::test]
async fn what_another_operator_has_cannot_be_reached() {
    let database = TestDatabase::new().await;
    let connection = &mut *database.pool.connection().await.unwrap();
    let Site { stations: [own, other], piles: [own_pile, other_pile] } = Site::new(connection).await;
    let (bound, none) = (&of("a"), &OperatorBound::Only([].into()));
    assert!(stations::find(connection, bound, own).await.unwrap().is_some());
    assert!(stations::find(connection, bound, other).await.unwrap().is_none());
    assert!(stations::find(connection, none, own).await.unwrap().is_none());
    let listed = piles::list(connection, bound, &piles::Filter::default(), None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|pile| pile.id).collect::<Vec<_>>(), [own_pile]);
    let of_other = PileQuery { id: other_pile, bound: bound.clone(), also_retired: true };
    assert!(piles::find_with_live(connection, &of_other).await.unwrap().is_none());
    assert!(stations::find_also_retired(connection, bound, other).await.unwrap().is_none());
    let counts = pile_counts::count(connection, bound, minute(0)).await.unwrap();
    assert_eq!((counts.piles.values().sum::<i64>(), counts.stations.values().sum::<i64>()), (1, 1));
    let declared =
        r#"update piles set connectors = '[{"connectorId": 1, "type": "GB_DC", "maxPowerKw": null}]'"#;
    database.execute(declared).await;
    for (bound, count) in [(bound, 1), (none, 0), (&OperatorBound::All, 2)] {
        let counts = connector_counts::count(connection, bound).await.unwrap();
        assert_eq!(counts.connectors.values().sum::<i64>(), count);
    }

    let (stamp_of_move, reason) = (stamp(1), Label::parse("r").unwrap());
    let moved =
        piles::move_to_station(connection, bound, own_pile, None, &stamp_of_move, other, &reason).await;
    assert_eq!(moved.unwrap().map(drop), Err(PileRefusal::StationNotFound));
    // The version does not matter: a 412 would show that the pile exists.
    let retired = piles::retire(connection, bound, other_pile, Some(&[99]), &stamp(1)).await.unwrap();
    assert_eq!(retired, Err(PileRefusal::NotFound));
    let imported = [
        piles::Entry { line: 1, station_id: own, details: details("CP-B") },
        piles::Entry { line: 2, station_id: other, details: details("CP-C") },
    ];
    let outcome = put_many(connection, bound, &imported, &stamp(1)).await.unwrap();
    let refused: Vec<_> =
        outcome.refused.iter().map(|(line, refusal)| (*line, refusal.to_string())).collect();
    assert_eq!(
        refused,
        [(1, "the charge point id is in use".to_owned()), (2, "there is no such station".to_owned())]
    );
    let entry = stations::Entry { line: 1, id: Some(other), details: station("a").details };
    let outcome = put_many(connection, bound, &[entry], &stamp(1)).await.unwrap();
    assert_eq!(outcome.refused, [(1, stations::EntryRefusal::Taken)]);
}

#[tokio::test]
async fn sessions_and_placements_stay_with_the_operator_of_their_time() {
    let database = TestDatabase::new().await;
    let connection = &mut *database.pool.connection().await.unwrap();
    let site = Site::new(connection).await;
    site.hand_over(connection).await;
    let session = |number: i64| {
        let (id, at) = (Uuid::now_v7(), minute(number).to_rfc3339());
        format!(
            "insert into sessions (id, charge_point_id, connector_id, started_at) values ('{id}', 'CP-A', 1, '{at}');"
        )
    };
    database.execute(&(session(5) + &session(15))).await;
    for (operator, expected) in [("a", 5), ("b", 15)] {
        let filter = sessions::Filter::default();
        let found = sessions::list(connection, &of(operator), &filter, None, 10).await.unwrap();
        let began: Vec<_> = found.iter().map(|found| found.session.started_at).collect();
        assert_eq!(began, [minute(expected)], "of {operator}");
        let (id, elsewhere) = (found[0].session.id, if operator == "a" { "b" } else { "a" });
        assert!(sessions::find(connection, &of(elsewhere), id).await.unwrap().is_none());
        let stays =
            placements::list_of_pile(connection, &of(operator), site.piles[0], None, 10).await.unwrap();
        assert_eq!(stays.len(), 1, "of {operator}");
    }
    assert!(piles::find(connection, &of("a"), site.piles[0]).await.unwrap().is_none());
}

/// Devices with connectors, and sessions of both operators: before and after the hand-over, before the
/// device came to its pile, without a start register, and ended.
const LIVE: &str = "
    insert into charge_points (charge_point_id, online, last_seen_at) values ('CP-A', true, now()), ('CP-B', false, now());
    insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at, status_partition,
                            status_offset, status_event)
    select device, number, 'Charging', now(), now(), 0, 1, 1
    from unnest(array['CP-A', 'CP-B']) as device, generate_series(0, 2) as number;
    insert into sessions (id, charge_point_id, connector_id, started_at, meter_start_wh, ended_at)
    values (gen_random_uuid(), 'CP-A', 1, '2026-07-25T12:05:00Z', 1000, null),
           (gen_random_uuid(), 'CP-A', 2, '2026-07-25T12:15:00Z', null, null),
           (gen_random_uuid(), 'CP-A', 3, '2026-07-25T11:00:00Z', null, null),
           (gen_random_uuid(), 'CP-B', 1, '2026-07-25T12:05:00Z', 1000, null),
           (gen_random_uuid(), 'CP-B', 1, '2026-07-25T12:06:00Z', 2000, null),
           (gen_random_uuid(), 'CP-B', 2, '2026-07-25T12:05:00Z', 1000, '2026-07-25T12:06:00Z')";

#[tokio::test]
async fn piles_that_are_read_together_are_as_each_caller_reads_them_alone() {
    let database = TestDatabase::new().await;
    let connection = &mut *database.pool.connection().await.unwrap();
    let site = Site::new(connection).await;
    site.hand_over(connection).await;
    let [retired, silent] = [(); 2].map(|()| PileId(Uuid::now_v7()));
    for (id, device, station) in [(retired, "CP-C", 0), (silent, "CP-D", 1)] {
        let station_id = site.stations[station];
        let pile = Pile { id, station_id, details: details(device), revision: revision() };
        piles::insert(connection, &OperatorBound::All, &pile, &stamp(11).by).await.unwrap().unwrap();
    }
    piles::retire(connection, &OperatorBound::All, retired, None, &stamp(12)).await.unwrap().unwrap();
    database.execute(LIVE).await;
    let ids = [site.piles[0], retired, PileId(Uuid::now_v7()), site.piles[1], silent, site.piles[0]];
    let both = OperatorBound::Only(["a".to_owned(), "b".to_owned()].into());
    let bounds = [OperatorBound::All, of("a"), of("b"), both, of("c"), OperatorBound::Only([].into())];
    let of_all = |also_retired: bool| {
        let of =
            move |bound: &OperatorBound| ids.map(|id| PileQuery { id, bound: bound.clone(), also_retired });
        bounds.iter().flat_map(of)
    };
    let queries: Vec<_> = of_all(false).chain(of_all(true)).collect();
    let together = piles::find_many_with_live(connection, &queries).await.unwrap();
    assert_eq!(together.len(), queries.len());
    let (mut sessions_seen, mut readers_of_retired) = (BTreeSet::new(), 0);
    for (query, found) in queries.iter().zip(together) {
        let alone = piles::find_with_live(connection, query).await.unwrap();
        assert_eq!(found, alone, "{query:?}");
        if query.id == retired && found.is_some() {
            assert!(query.also_retired, "{query:?}");
            readers_of_retired += 1;
        }
        let live = found.and_then(|(_, live)| live);
        let open =
            live.iter().flat_map(|live| live.connectors.values()).filter(|shown| shown.session.is_some());
        sessions_seen.insert(open.count());
    }
    // Callers differ in the sessions that they see of one pile.
    assert!(sessions_seen.len() > 2, "{sessions_seen:?}");
    assert_eq!(readers_of_retired, 3, "a caller without a bound, and two that reach operator b");
    assert_eq!(piles::find_many_with_live(connection, &[]).await.unwrap(), []);
}

#[tokio::test]
async fn an_open_session_without_an_operator_keeps_a_pile_and_is_not_named() {
    let database = TestDatabase::new().await;
    let connection = &mut *database.pool.connection().await.unwrap();
    let site = Site::new(connection).await;
    // It began when the station had no operator.
    database
        .execute(&format!(
            "insert into sessions (id, charge_point_id, connector_id, started_at) values ('{}', 'CP-A', 1, now());
             update sessions set operator_id = null",
            Uuid::now_v7()
        ))
        .await;
    let refused = piles::retire(connection, &of("a"), site.piles[0], None, &stamp(20)).await.unwrap();
    assert_eq!(refused, Err(PileRefusal::OpenSessions { ids: Vec::new() }));
}

#[tokio::test]
async fn a_handover_is_in_the_audit_of_neither_operator() {
    let database = TestDatabase::new().await;
    let connection = &mut *database.pool.connection().await.unwrap();
    let site = Site::new(connection).await;
    site.hand_over(connection).await;
    let (own, id) = (of("b"), site.stations[0]);
    let rename = |before: &StationDetails| {
        Ok::<_, StationRefusal>(StationDetails { name: Label::parse("New").unwrap(), ..before.clone() })
    };
    stations::update(connection, &own, id, None, &stamp(20), rename).await.unwrap().unwrap();
    let versions = async |connection: &mut Connection, bound: &OperatorBound| -> Vec<i64> {
        let edits = audit::list(connection, bound, Edited::Station, id.0, None, 10).await.unwrap();
        edits.iter().map(|edit| edit.version).collect()
    };
    assert_eq!(versions(connection, &own).await, [3]);
    assert_eq!(versions(connection, &of("a")).await, [1], "but the station is a 404 for this operator");
    assert_eq!(versions(connection, &OperatorBound::All).await, [3, 2, 1]);
    let of_pile = audit::list(connection, &own, Edited::Pile, site.piles[0].0, None, 10).await.unwrap();
    assert_eq!(of_pile.len(), 0, "the pile was created when the station belonged to the other operator");
}

#[tokio::test]
async fn changes_keep_the_operator_that_they_were_written_for() {
    let database = TestDatabase::new().await;
    let connection = &mut *database.pool.connection().await.unwrap();
    let site = Site::new(connection).await;
    site.hand_over(connection).await;
    let later = [
        connectivity("CP-A", minute(5)),
        connectivity("CP-A", minute(15)),
        connectivity("CP-UNREGISTERED", minute(5)),
    ];
    feed::append(connection, &later).await.unwrap();
    let [a, b] = ["a", "b"].map(|operator| Owner::Operator(operator.to_owned()));
    let (stations, piles, devices) = (
        "charging.station.changed.v1",
        "charging.pile.changed.v1",
        "charging.charge_point.connectivity_changed.v1",
    );
    assert_eq!(
        owners(connection).await,
        [
            (stations, minute(0), a.clone()),
            (piles, minute(0), a.clone()),
            (stations, minute(0), b.clone()),
            (piles, minute(0), b.clone()),
            (stations, minute(10), b.clone()),
            (devices, minute(5), a),
            (devices, minute(15), b),
            (devices, minute(5), Owner::Unknown),
        ]
    );
    // The previous release writes no operators.
    database.execute("update feed_chunks set operators = null").await;
    let owners = owners(connection).await;
    assert!(owners.iter().all(|(kind, _, owner)| *kind == devices || *owner == Owner::Unknown), "{owners:?}");
}
