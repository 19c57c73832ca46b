//! Search for stations and piles by words and by location: correct results, and use of indexes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use domain::assets::{Location, OperatorBound, StationStatus};
use domain::ids::StationId;
use domain::text::Label;
use storage::assets::piles;
use storage::assets::stations::{self, Filter, Near};
use storage::{Connection, SearchTerms};
use testkit::TestDatabase;

fn at(latitude: f64, longitude: f64) -> Location {
    Location::parse(latitude, longitude).unwrap()
}

/// Stations all over the world, including the poles and the date line; the names number them.
async fn world(connection: &mut Connection, stations: u32) {
    let sql = format!(
        "select setseed(0.5);
         insert into stations (id, name, address, operator_id, latitude, longitude, status, created_at, updated_at, version)
         select gen_random_uuid(), 'Station ' || n, 'Road ' || n % 1000 || ' 号', 'op-' || n % 50,
                degrees(asin(2 * random() - 1)), random() * 360 - 180,
                case n % 3 when 0 then 'Closed' else 'Open' end, at, at, 1
         from generate_series(1, {stations}) n, lateral (select timestamptz '2026-01-01' + n * interval '1 s' as at) made;
         insert into stations (id, name, latitude, longitude, status, created_at, updated_at, version)
         select gen_random_uuid(), 'Edge ' || n, latitude, longitude, 'Open', '2026-01-01', '2026-01-01', 1
         from generate_series(0, 35) n,
              lateral (values (90, n * 10 - 180), (-90, n * 10 - 180), (n * 5 - 87.5, 180), (n * 5 - 87.5, -180),
                              (89.5, n * 10 - 180)) as edge (latitude, longitude);
         insert into stations (id, name, status, created_at, updated_at, version)
         values (gen_random_uuid(), 'Nowhere', 'Open', '2026-01-01', '2026-01-01', 1);
         analyze stations"
    );
    connection.batch_execute(&sql).await.unwrap();
}

/// Every station near a location, page by page.
async fn walk(connection: &mut Connection, near: &Near, filter: &Filter, page: i64) -> Vec<(StationId, f64)> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let found =
            stations::list_near(connection, &OperatorBound::All, near, filter, after, page).await.unwrap();
        let Some((last, away)) = found.last() else { return all };
        after = Some((*away, last.id));
        all.extend(found.iter().map(|(station, away)| (station.id, *away)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_nearby_stations_in_order_everywhere() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    world(&mut connection, 3000).await;
    let all =
        stations::list(&mut connection, &OperatorBound::All, &Filter::default(), None, 10_000).await.unwrap();
    for place in
        [at(31.2, 121.4), at(90.0, 0.0), at(-89.9, 77.0), at(0.0, 180.0), at(10.0, -179.99), at(-33.0, 0.0)]
    {
        let near = Near { place, radius_m: 1_500_000.0 };
        let mut expected: Vec<_> = all
            .iter()
            .filter_map(|station| Some((station.id, station.details.location?.distance_m(place))))
            .filter(|(_, distance)| *distance <= near.radius_m)
            .collect();
        expected.sort_by(|one, other| one.1.total_cmp(&other.1));
        for page in [7, 1000] {
            let found = walk(&mut connection, &near, &Filter::default(), page).await;
            assert_eq!(found.len(), expected.len(), "{place:?}");
            assert!(found.is_sorted_by(|one, next| (one.1, one.0) < (next.1, next.0)));
            for ((_, distance), (id, _)) in expected.iter().zip(&found) {
                let station = all.iter().find(|station| station.id == *id).unwrap();
                let shown = station.details.location.unwrap().distance_m(place);
                // Stations at the same distance are in the order of their ids.
                assert!((shown - distance).abs() < 1e-3, "{shown} {distance}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn combines_near_with_filters() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    world(&mut connection, 500).await;
    let near = Near { place: at(0.0, 0.0), radius_m: 20_000_000.0 };
    let filter = Filter {
        search: SearchTerms::of("STATION 号"),
        operator_id: Some(Label::parse("op-7").unwrap()),
        status: Some(StationStatus::Open),
        ..Filter::default()
    };
    let mut found =
        walk(&mut connection, &near, &filter, 4).await.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    let mut listed = stations::list(&mut connection, &OperatorBound::All, &filter, None, 100)
        .await
        .unwrap()
        .into_iter()
        .map(|s| s.id)
        .collect::<Vec<_>>();
    found.sort();
    listed.sort();
    assert!(!listed.is_empty());
    assert_eq!(found, listed);
    let available = Filter { available_only: true, ..filter };
    assert_eq!(walk(&mut connection, &near, &available, 4).await, []);
}

/// Sequential scans of a table, and rows that were read.
#[derive(QueryableByName, Debug, Clone, Copy)]
struct Reads {
    #[diesel(sql_type = BigInt)]
    whole: i64,
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// The reads of `stations` so far.
async fn reads(connection: &mut Connection) -> Reads {
    // Otherwise the statistics are updated about once a second.
    connection.batch_execute("select pg_stat_force_next_flush()").await.unwrap();
    let reads = diesel::sql_query(
        "select seq_scan as whole, (seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint as rows
         from pg_stat_user_tables where relname = 'stations'",
    );
    reads.get_result(connection).await.unwrap()
}

/// Asserts that since `before` there was no sequential scan of `stations`, and at most `most` rows
/// were read.
async fn assert_few(connection: &mut Connection, before: Reads, most: i64, what: &str) {
    let after = reads(connection).await;
    let rows = after.rows - before.rows;
    assert!(after.whole == before.whole && (0..=most).contains(&rows), "{what}: {before:?} {after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_few_of_a_hundred_thousand_stations() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    world(connection, 100_000).await;

    // About one in five stations is within the first radius.
    for (radius_m, expected) in [(6_000_000.0, 51), (200_000.0, 1)] {
        let near = Near { place: at(31.2, 121.4), radius_m };
        let before = reads(connection).await;
        let found = stations::list_near(connection, &OperatorBound::All, &near, &Filter::default(), None, 51)
            .await
            .unwrap();
        assert!(found.len() >= expected, "{}", found.len());
        assert_few(connection, before, 200, "near").await;
    }
    for (words, expected) in
        [("station 54321", 1), ("54321 road", 1), ("号 99999", 1), ("nothing", 0), ("edge 35", 5)]
    {
        let filter = Filter { search: SearchTerms::of(words), ..Filter::default() };
        let before = reads(connection).await;
        let found = stations::list(connection, &OperatorBound::All, &filter, None, 51).await.unwrap();
        assert_eq!(found.len(), expected, "{words}");
        // The worst case is a repeated digit, which has a single pair.
        assert_few(connection, before, 5000, words).await;
    }
    let filter = Filter { operator_id: Some(Label::parse("op-7").unwrap()), ..Filter::default() };
    let before = reads(connection).await;
    assert_eq!(stations::list(connection, &OperatorBound::All, &filter, None, 51).await.unwrap().len(), 51);
    assert_few(connection, before, 200, "operator").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_words_in_any_script_and_case() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    connection
        .batch_execute(
            "insert into stations (id, name, address, status, created_at, updated_at, version)
             select gen_random_uuid(), name, address, 'Open', '2026-01-01', '2026-01-01', 1
             from (values ('人民广场站', '上海市黄浦区'), ('Café 100% _Öst_', null), ('人站', '民广')) s (name, address);
             insert into piles (id, station_id, charge_point_id, name, model, serial_number, rated_power_kw, current_type,
                                created_at, updated_at, version)
             select gen_random_uuid(), (select id from stations limit 1), device, name, 'm', serial, 1, 'DC', '2026-01-01',
                    '2026-01-01', 1
             from (values ('CP-A1', '1号桩', null), ('CP-B2', null, 'SN-a1')) p (device, name, serial)",
        )
        .await
        .unwrap();
    for (words, expected) in [
        ("人民", vec!["人民广场站"]),
        ("黄浦 广场", vec!["人民广场站"]),
        ("站", vec!["人民广场站", "人站"]),
        ("民广", vec!["人民广场站", "人站"]),
        ("站民", vec![]),
        ("öst_ CAFÉ", vec!["Café 100% _Öst_"]),
        ("0%", vec!["Café 100% _Öst_"]),
        ("1%0", vec![]),
        ("caféx", vec![]),
    ] {
        let filter = Filter { search: SearchTerms::of(words), ..Filter::default() };
        let found = stations::list(&mut connection, &OperatorBound::All, &filter, None, 10).await.unwrap();
        let mut names: Vec<_> = found.iter().map(|station| station.details.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{words}");
    }
    for (words, expected) in [("a1", 2), ("cp-a1", 1), ("号", 1), ("sn-A1", 1), ("cp sn", 1), ("a1sn", 0)] {
        let filter = piles::Filter { search: SearchTerms::of(words), ..piles::Filter::default() };
        assert_eq!(
            piles::list(&mut connection, &OperatorBound::All, &filter, None, 10).await.unwrap().len(),
            expected,
            "{words}"
        );
    }
    assert_eq!(SearchTerms::of(" \u{3000} "), None);
}
