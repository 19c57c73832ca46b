//! The most frequent reads use indexes, however large the tables are and however far a page is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use domain::assets::{Location, OperatorBound, Station};
use domain::ids::{PileId, StationId};
use storage::Connection;
use storage::assets::piles::PileQuery;
use storage::assets::stations::{self, Near};
use storage::assets::{availability, piles};
use testkit::TestDatabase;
use uuid::Uuid;

/// 10,000 stations, created one per minute, anywhere in a square of five degrees.
const STATIONS: &str = "
    select setseed(0.5);
    insert into stations (id, name, latitude, longitude, status, created_at, updated_at, version)
    select ('018e0000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Station ' || n,
           31 + random() * 5, 118 + random() * 5, 'Open', at, at, 1
    from generate_series(0, 9999) n, lateral (select timestamptz '2026-01-01' + n * interval '1 min' as at) made;
    analyze stations";
/// Ten piles per station, created one per minute. Every device was heard with two connectors, one
/// of which has an open session.
const PILES: &str = "
    insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at, updated_at, version)
    select ('018f0000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
           ('018e0000-0000-7000-8000-' || lpad((n / 10)::text, 12, '0'))::uuid, 'CP-' || n, 'm', 7, 'AC', at, at, 1
    from generate_series(0, 99999) n, lateral (select timestamptz '2026-01-01' + n * interval '1 min' as at) made;
    insert into charge_points (charge_point_id, online, last_seen_at)
    select charge_point_id, true, now() from piles;
    insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at, status_partition,
                            status_offset, status_event)
    select charge_point_id, connector, 'Charging', now(), now(), 0, 1, 1 from piles, generate_series(1, 2) as connector;
    insert into sessions (id, charge_point_id, connector_id, started_at, ended_at)
    select gen_random_uuid(), charge_point_id, connector, now(), case connector when 2 then now() end
    from piles, generate_series(1, 2) as connector;
    analyze";

/// Inserting this much takes longer than a service's statement timeout.
async fn fill(connection: &mut Connection, sql: &str) {
    connection.batch_execute("set statement_timeout = '2min'").await.unwrap();
    connection.batch_execute(sql).await.unwrap();
}

fn made_at(number: u32) -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(number.into())
}

fn station(number: u32) -> StationId {
    StationId(Uuid::try_parse(&format!("018e0000-0000-7000-8000-{number:012}")).unwrap())
}

fn pile(number: u32) -> PileId {
    PileId(Uuid::try_parse(&format!("018f0000-0000-7000-8000-{number:012}")).unwrap())
}

/// Sequential scans since the database was created, and rows that were read.
#[derive(QueryableByName, Debug, Clone, Copy)]
struct Reads {
    #[diesel(sql_type = BigInt)]
    whole: i64,
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

async fn reads(connection: &mut Connection) -> Reads {
    // Otherwise the statistics are updated about once a second.
    connection.batch_execute("select pg_stat_force_next_flush()").await.unwrap();
    let reads = diesel::sql_query(
        "select sum(seq_scan)::bigint as whole, sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint as rows
         from pg_stat_user_tables
         where relname in ('stations', 'piles', 'charge_points', 'connectors', 'sessions')",
    );
    reads.get_result(connection).await.unwrap()
}

/// Repeats a read until PostgreSQL may keep a generic plan; returns the rows that were read per
/// repetition. Sequential scans are not allowed.
macro_rules! rows_read {
    ($connection:ident, $read:expr) => {{
        let before = reads($connection).await;
        let mut found = $read.await.unwrap();
        for _ in 1..TIMES {
            found = $read.await.unwrap();
        }
        let after = reads($connection).await;
        assert_eq!(after.whole, before.whole, "{before:?} {after:?}");
        (found, (after.rows - before.rows) / TIMES)
    }};
}
/// From the sixth execution on, PostgreSQL may keep a generic plan.
const TIMES: i64 = 7;

/// Whether the statements for several piles have plans that serve any number of them.
async fn is_planned_once(connection: &mut Connection) -> bool {
    #[derive(QueryableByName)]
    struct Planned {
        #[diesel(sql_type = BigInt)]
        statements: i64,
        #[diesel(sql_type = BigInt)]
        generic: i64,
    }
    let planned = diesel::sql_query(
        "select count(*) as statements, count(*) filter (where generic_plans > 0) as generic
         from pg_prepared_statements
         where statement like '%as wanted (pile_id, bound, place)%' and statement not like '%pg_prepared%'",
    );
    let Planned { statements, generic } = planned.get_result(connection).await.unwrap();
    statements == 3 && generic == 3
}

fn ids(stations: &[Station]) -> Vec<StationId> {
    stations.iter().map(|station| station.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_most_frequent_reads_read_few_rows() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    fill(connection, STATIONS).await;
    fill(connection, PILES).await;

    let query = PileQuery { id: pile(12_345), bound: OperatorBound::All, also_retired: false };
    let (found, rows) = rows_read!(connection, piles::find_with_live(connection, &query));
    let (found, live) = found.unwrap();
    assert_eq!((found.id, live.unwrap().connectors.len()), (pile(12_345), 2));
    // The pile three times, the device, two connectors, the open session.
    assert!(rows <= 8, "{rows}");

    let only_a = OperatorBound::Only(["a".to_owned()].into());
    for count in [2, 40] {
        let bound = |number| if number == 1 { only_a.clone() } else { OperatorBound::All };
        let query =
            |number: u32| PileQuery { id: pile(number * 2_000), bound: bound(number), also_retired: false };
        let queries: Vec<_> = (0..count).map(query).collect();
        let (found, rows) = rows_read!(connection, piles::find_many_with_live(connection, &queries));
        // As above, and the station that a bound caller does not reach. No station has an operator.
        let live = found.iter().flatten().filter(|(_, live)| live.is_some()).count();
        assert_eq!(live + 1, queries.len());
        assert!(rows <= i64::from(count) * 8 + 8, "{rows} of {count} piles");
        assert!(is_planned_once(connection).await, "{count} piles");
    }

    let all = stations::Filter::default();
    for after in [None, Some(9_000), Some(5_000), Some(60)] {
        let cursor = after.map(|number| (made_at(number), station(number)));
        let (page, rows) =
            rows_read!(connection, stations::list(connection, &OperatorBound::All, &all, cursor, 51));
        assert!(page.len() == 51 && rows <= 60, "{rows} after {after:?}");
        let (counted, rows) = rows_read!(connection, availability::load_many(connection, &ids(&page)));
        // Ten piles each, with their devices and two connectors.
        assert!(counted.len() == 51 && rows <= 51 * 10 * 5, "{rows} after {after:?}");
    }

    let all = piles::Filter::default();
    for after in [None, Some(50_000), Some(60)] {
        let cursor = after.map(|number| (made_at(number), pile(number)));
        let (page, rows) =
            rows_read!(connection, piles::list(connection, &OperatorBound::All, &all, cursor, 51));
        assert!(page.len() == 51 && rows <= 60, "{rows} after {after:?}");
        let names: Vec<_> = page.iter().map(|pile| &pile.details.charge_point_id).collect();
        let (live, rows) = rows_read!(connection, piles::load_live(connection, &OperatorBound::All, &names));
        assert!(live.len() == 51 && rows <= 51 * 5, "{rows} after {after:?}");
    }
    let own = piles::Filter { station_id: Some(station(777)), ..all };
    let (page, rows) = rows_read!(connection, piles::list(connection, &OperatorBound::All, &own, None, 51));
    assert!(page.len() == 10 && rows <= 20, "{rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_nearby_stations_outwards_from_the_location() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    fill(connection, STATIONS).await;
    let all = stations::Filter::default();
    // One station per 26 km²: 2,700 in a circle of 150 km, twelve in one of 10 km.
    let place = Location::parse(33.5, 120.5).unwrap();
    for (radius_m, expected) in [(150_000.0, 51..52), (10_000.0, 1..51)] {
        let near = Near { place, radius_m };
        let (found, rows) = rows_read!(
            connection,
            stations::list_near(connection, &OperatorBound::All, &near, &all, None, 51)
        );
        // The scan stops when a page is full, within the radius or not; stations at the same
        // distance are read together.
        assert!(expected.contains(&found.len()) && rows <= 60, "{} found, {rows} read", found.len());
        assert!(
            found.iter().all(|(station, _)| station.details.location.unwrap().distance_m(place) <= radius_m)
        );
    }
    let near = Near { place, radius_m: 150_000.0 };
    let first = stations::list_near(connection, &OperatorBound::All, &near, &all, None, 1_500).await.unwrap();
    let after = first.last().map(|(station, away)| (*away, station.id));
    let (rest, rows) =
        rows_read!(connection, stations::list_near(connection, &OperatorBound::All, &near, &all, after, 51));
    // Nearer stations are skipped, and farther ones are not read.
    assert!(rest.len() == 51 && rows <= 1_570, "{} found, {rows} read", rest.len());
}
