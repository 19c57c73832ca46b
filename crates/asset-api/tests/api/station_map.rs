//! Lists of stations and counts of the fleet from memory: the same as from the database, at once after each
//! change.

use crate::app::{TestApp, pile, settings};
use crate::dead_letters::fixture;
use chrono::{DateTime, TimeDelta, Utc};
use domain::devices::presence::Confidence;
use domain::feed::{ConnectivityChanged, FeedChange, FeedKind, FeedSubject};
use domain::ids::ChargePointId;
use reqwest::Method;
use runtime::Context;
use serde_json::{Value, json};
use testkit::{TestDatabase, eventually};

/// Stations at few places, with few operators, and piles in all states. Devices 0 to 9 of each
/// hundred are silent, and as many were never heard.
const WORLD: &str = "
    insert into stations (id, name, address, operator_id, latitude, longitude, status, facilities, created_at, updated_at, version)
    select format('018e0000-0000-7000-8000-%s', lpad(n::text, 12, '0'))::uuid, 'S' || n, nullif('A' || n % 3, 'A0'),
           nullif('op-' || n % 5, 'op-0'), place.latitude, place.longitude,
           (array['Open', 'Open', 'Closed', 'Planned'])[n % 4 + 1], '{Wifi}', timestamptz '2026-01-01' + n / 7 * interval '1 h',
           timestamptz '2026-01-02', 3
    from generate_series(0, 299) as n,
         lateral (select case when n % 11 > 0 then 31 + (n % 13) * 0.017 end as latitude,
                         case when n % 11 > 0 then 121 + (n % 17) * 0.013 end as longitude) as place;
    insert into piles (id, station_id, charge_point_id, model, rated_power_kw, connectors, created_at, updated_at, version)
    select format('018f0000-0000-7000-8000-%s', lpad(n::text, 12, '0'))::uuid,
           format('018e0000-0000-7000-8000-%s', lpad((n % 290)::text, 12, '0'))::uuid, 'CP-' || n, 'DC', 60,
           case when n % 2 = 0 then '[{\"connectorId\": 1, \"type\": \"GB_DC\", \"maxPowerKw\": 60}]'::jsonb else '[]' end,
           now(), now(), 1
    from generate_series(0, 899) as n;
    insert into charge_points (charge_point_id, online, last_seen_at, confidence)
    select 'CP-' || n, n % 6 > 0, clock_timestamp() - case when n % 100 < 10 then interval '1 day' else interval '1 min' end,
           case when n % 6 = 0 then (array[null, 'doubtful', 'unanswered'])[n / 6 % 3 + 1] end
    from generate_series(0, 899) as n where n % 100 not between 10 and 19;
    insert into connectors (charge_point_id, connector_id, status, power_w, power_at)
    select 'CP-' || n, c, (array['Available', 'Charging', 'Faulted', 'Finishing', null])[(n * 7 + c * 3) % 5 + 1],
           case when n % 3 > 0 then 500 * n end, case when n % 3 > 0 then now() end
    from generate_series(0, 899) as n, generate_series(0, 2) as c where n % 100 not between 10 and 19";

/// Lists that the map answers. Each is read page by page.
const LISTS: [&str; 12] = [
    "limit=200",
    "limit=7",
    "limit=20&operatorId=op-1",
    "operatorId=op-9",
    "limit=30&status=Closed",
    "limit=30&availableOnly=true",
    "limit=3&availableOnly=true&status=Planned&operatorId=op-2",
    "near=31.1,121.1&limit=9",
    "near=31.05,121.05&radiusM=50000&limit=50",
    "near=31.05,121.05&radiusM=50000&limit=10&operatorId=op-3",
    "near=-31.05,-58.9&radiusM=500000",
    "near=31.2,121.2&radiusM=20000&limit=4&availableOnly=true&status=Open",
];

/// Two replicas on one database: one with the map, and one that reads all lists from the database.
struct Replicas {
    app: TestApp,
    client: reqwest::Client,
    reader: String,
    context: Context,
}

impl Drop for Replicas {
    fn drop(&mut self) {
        self.context.shutdown.request();
    }
}

impl Replicas {
    async fn start(world: &str) -> Self {
        let database = TestDatabase::new().await;
        database.execute(world).await;
        let mut without_map = settings(&database);
        without_map.station_map.enabled = false;
        let context = Context::new("asset-api");
        tokio::spawn(asset_api::serve(without_map, context.clone()));
        let reader = format!("http://{}", context.http_address().await);
        let settings = settings(&database);
        let app = TestApp::start_with(database, settings).await;
        Self { app, client: reqwest::Client::new(), reader, context }
    }

    async fn read(&self, path: &str) -> Value {
        self.client.get(format!("{}{path}", self.reader)).send().await.unwrap().json().await.unwrap()
    }

    /// Compares all pages of a list; the times of reading differ.
    async fn compare(&self, list: &str) {
        let mut path = format!("/api/v1/stations?{list}");
        loop {
            let (mut known, mut read) = (self.app.get(&path).await.json(), self.read(&path).await);
            for page in [&mut known, &mut read] {
                assert!(page.as_object_mut().unwrap().remove("countedAt").is_some(), "{path}: {page}");
            }
            // Distances may differ in their last bit.
            let (cursor, same) = (known["nextCursor"].take(), read["nextCursor"].take());
            assert_eq!(cursor.is_null(), same.is_null(), "{path}");
            assert_eq!(known, read, "{path}");
            let Some(cursor) = cursor.as_str() else { return };
            path = format!("/api/v1/stations?{list}&cursor={cursor}");
        }
    }

    /// Compares the counts of the fleet that both begin after this call.
    async fn compare_fleet(&self) {
        let now = runtime::clock::now();
        eventually("the fleet to be counted alike", || async {
            let both = [self.app.get("/api/v1/fleet").await.json(), self.read("/api/v1/fleet").await];
            let [known, read] = both.map(|mut counted| {
                let at = counted["countedAt"].take();
                at.as_str().unwrap().parse::<DateTime<Utc>>().is_ok_and(|at| at >= now).then_some(counted)
            });
            let (Some(known), Some(read)) = (known, read) else { return false };
            assert_eq!(known, read);
            true
        })
        .await;
    }

    async fn compare_all(&self) {
        self.compare_fleet().await;
        for list in LISTS {
            self.compare(list).await;
        }
    }

    /// Changes devices, and appends the changes to the feed in the same transaction.
    async fn hear(&self, sql: &str, devices: impl Iterator<Item = u32>) {
        let changes: Vec<_> = devices.map(|number| changed(&format!("CP-{number}"))).collect();
        let mut connection = self.app.database.pool.connection().await.unwrap();
        diesel_async::SimpleAsyncConnection::batch_execute(&mut connection, &format!("begin; {sql}"))
            .await
            .unwrap();
        storage::feed::append(&mut connection, &changes).await.unwrap();
        diesel_async::SimpleAsyncConnection::batch_execute(&mut connection, "commit").await.unwrap();
    }
}

/// A change of a device, whatever it is: the map reads the device itself.
fn changed(device: &str) -> FeedChange {
    FeedChange {
        subject: FeedSubject::ChargePoint(ChargePointId::parse(device).unwrap()),
        at: runtime::clock::now() - TimeDelta::minutes(1),
        kind: FeedKind::ConnectivityChanged(ConnectivityChanged {
            online: true,
            gateway_id: None,
            confidence: Confidence::Live,
        }),
    }
}

/// Waits until a list is answered by the map.
async fn is_used(replicas: &Replicas) {
    eventually("the map to answer", || async {
        let before = metric(r#"station_map_lists_total{source="map"}"#);
        replicas.app.get("/api/v1/stations?limit=1").await;
        metric(r#"station_map_lists_total{source="map"}"#) > before
    })
    .await;
}

/// The value of a series of this process.
fn metric(series: &str) -> u64 {
    let metrics = runtime::telemetry::render_metrics().unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_those_of_the_database() {
    let replicas = Replicas::start(WORLD).await;
    is_used(&replicas).await;
    replicas.compare_all().await;
    for round in 0..5 {
        let storm = format!(
            "update charge_points set online = (substr(charge_point_id, 4)::int + {round}) % 4 > 0,
                                      confidence = null, last_seen_at = clock_timestamp();
             update connectors set status = (array['Available', 'Charging', 'Unavailable', null])[
               (substr(charge_point_id, 4)::int + connector_id + {round}) % 4 + 1]"
        );
        replicas.hear(&storm, 0..900).await;
        replicas.compare_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_by_another_replica_is_listed_at_once() {
    let replicas = Replicas::start(WORLD).await;
    is_used(&replicas).await;
    let app = &replicas.app;
    let write = async |method: Method, path: &str, body: Value| {
        let url = format!("{}{path}", replicas.reader);
        let answer = replicas.client.request(method, url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.headers().get("location").map(|path| path.to_str().unwrap().to_owned())
    };
    let first = async || app.get("/api/v1/stations?limit=1").await.json()["items"][0].clone();
    for number in 0..10 {
        let details = json!({ "name": format!("new {number}"), "latitude": 31.1, "longitude": 121.1, "operatorId": "op-1" });
        let station = write(Method::POST, "/api/v1/stations", details).await.unwrap();
        assert_eq!(first().await["name"], json!(format!("new {number}")));
        let device = pile(&format!("NEW-{number}"));
        let made = write(Method::POST, &format!("{station}/piles"), device).await.unwrap();
        assert_eq!(first().await["availability"]["piles"], json!({ "Unknown": 1 }));
        write(Method::PATCH, &station, json!({ "operatorId": "op-2", "latitude": 31.2 })).await;
        replicas.compare("near=31.2,121.1&limit=3&operatorId=op-2").await;
        let other = json!({ "chargePointId": format!("CP-{}", 1_000 + number), "reason": "burnt" });
        write(Method::POST, &format!("{made}/replace-charge-point"), other).await;
        write(Method::DELETE, &made, json!({})).await;
        assert_eq!(first().await["availability"]["piles"], json!({}));
        write(Method::DELETE, &station, json!({})).await;
        assert_ne!(first().await["name"], json!(format!("new {number}")));
        write(Method::POST, &format!("{station}/restore"), json!({})).await;
        assert_eq!(first().await["name"], json!(format!("new {number}")));
    }
    replicas.compare_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_stations_and_piles_are_listed_at_once() {
    let replicas = Replicas::start("").await;
    is_used(&replicas).await;
    let mut rows = "name,latitude,longitude,operatorId,id\n".to_owned();
    let mut piles = "stationId,chargePointId,model,ratedPowerKw\n".to_owned();
    for number in 0..500 {
        let id = format!("0192f0c1-0000-7000-8000-{number:012}");
        rows += &format!("S{number},31.{number:03},121.2,op-{},{id}\n", number % 3);
        (0..3).for_each(|pile| piles += &format!("{id},CP-{},DC-120,120\n", number * 3 + pile));
    }
    for (what, rows) in [("stations", rows), ("piles", piles)] {
        let request = replicas.app.request(Method::POST, &format!("/api/v1/{what}/import"));
        let imported = request.header("content-type", "text/csv").body(rows).send().await.unwrap();
        assert_eq!(imported.status(), 200, "{}", imported.text().await.unwrap());
        replicas.compare_all().await;
    }
    let page = replicas.app.get("/api/v1/stations?limit=1").await.json();
    assert_eq!(page["items"][0]["availability"]["piles"], json!({ "Unknown": 3 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_dead_letter_is_counted_at_once() {
    let replicas = Replicas::start("").await;
    is_used(&replicas).await;
    replicas.app.pile("CP-1").await;
    let charging = fixture::status("CP-1", 1, "Charging", 0).to_string();
    let letter = fixture::put_aside(&replicas.app, 7, "REFUSED_BY_DATABASE", charging.as_bytes()).await;
    assert_eq!(fixture::replay(&replicas.app, &letter, false).await.json()["outcome"], "applied");
    let page = replicas.app.get("/api/v1/stations").await.json();
    assert_eq!(page["items"][0]["availability"]["piles"], json!({ "Charging": 1 }));
    replicas.compare("limit=200").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_feed_does_not_report_is_found_by_comparing() {
    let replicas = Replicas::start(WORLD).await;
    is_used(&replicas).await;
    // As after a repair by hand: no change is appended to the feed.
    let by_hand = "
        update stations set name = 'renamed' where name = 'S7';
        update stations set retired_at = now() where name = 'S295';
        update piles set retired_at = now() where charge_point_id = 'CP-21';
        update connectors set status = 'Reserved' where charge_point_id = 'CP-22';
        update charge_points set online = not online where charge_point_id = 'CP-23';
        update piles set station_id = (select id from stations where name = 'S100') where charge_point_id = 'CP-24'";
    replicas.app.database.execute(by_hand).await;
    eventually("the map to be repaired", || async {
        let path = "/api/v1/stations?limit=200";
        let (mut known, mut read) = (replicas.app.get(path).await.json(), replicas.read(path).await);
        (known["items"].take(), known["nextCursor"].take())
            == (read["items"].take(), read["nextCursor"].take())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_in_the_feed_builds_the_map_again() {
    let replicas = Replicas::start(WORLD).await;
    is_used(&replicas).await;
    // A database that took over: it lacks an edit, and the feed jumps.
    let taken_over = "
        update stations set name = 'before' where name = 'S299';
        update feed_head set position = position + 1000000000";
    let rebuilt = metric("station_map_rebuilds_total");
    replicas.app.database.execute(taken_over).await;
    replicas.compare("limit=200").await;
    eventually("the map to be built again", || async { metric("station_map_rebuilds_total") > rebuilt })
        .await;
    is_used(&replicas).await;
    replicas.compare_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_piles_are_left_to_the_database() {
    let database = TestDatabase::new().await;
    database.execute(WORLD).await;
    let mut settings = settings(&database);
    settings.station_map.max_piles = 899;
    let app = TestApp::start_with(database, settings).await;
    let page = app.get("/api/v1/stations?limit=200&availableOnly=true").await.json();
    assert!(page["countedAt"].is_string() && !page["items"].as_array().unwrap().is_empty());
}
