//! Lists of stations from memory while gateways send and ingestors crash.

use chrono::{DateTime, Utc};
use gateway_simulator::Load;
use gateway_simulator::settings::LoadSettings;
use runtime::Shutdown;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use system_tests::{Platform, steady};
use testkit::eventually;

const STATIONS: u32 = 6;
const PILES: u32 = 10;
const LIST: &str = "/api/v1/stations?limit=200";

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_those_of_the_piles_after_a_storm_and_a_crash() {
    let platform = Platform::start(|settings| settings.gateway.pods = 2).await;
    let settings = LoadSettings { duplicates: 0.1, moves: 0.02, ..steady(400, 6, STATIONS * PILES) };
    register(&platform, &settings.id_prefix).await;
    let load = Load::new(&settings, &platform.simulator_settings, &platform.kafka).await.unwrap();
    let shutdown = Shutdown::new(Duration::from_secs(1));
    let play = async {
        let first = platform.ingest();
        some_written(&platform, 500).await;
        first.crash().await;
        let second = platform.ingest();
        some_written(&platform, 1_500).await;
        second
    };
    let (report, last) = tokio::join!(load.run(&settings, &shutdown), play);
    let report = report.unwrap();
    eventually("everything to be written", || async { written(&platform).await == report.acknowledged })
        .await;
    compare(&platform).await;
    last.stop().await;
    let metrics = runtime::telemetry::render_metrics().unwrap();
    let lists = metrics.lines().find(|line| line.starts_with("station_map_lists_total{source=\"map\"}"));
    assert!(lists.is_some_and(|line| !line.ends_with(" 0")), "the map was never used: {lists:?}");
}

/// Registers stations, with piles for all devices of the load.
async fn register(platform: &Platform, prefix: &str) {
    for station in 0..STATIONS {
        let details = json!({ "name": format!("站 {station}"), "latitude": 31.2, "longitude": 121.4 });
        let made = platform.post_asset("/api/v1/stations", &details).await.body;
        let piles = format!("/api/v1/stations/{}/piles", made["id"].as_str().unwrap());
        for pile in 0..PILES {
            let device = format!("{prefix}{:06}", station * PILES + pile);
            let pile = json!({ "chargePointId": device, "model": "DC-120", "ratedPowerKw": 120 });
            assert_eq!(platform.post_asset(&piles, &pile).await.status, 201);
        }
    }
}

/// Compares each station's counts with its piles as the database has them.
async fn compare(platform: &Platform) {
    let asked_at = runtime::clock::now();
    let page = platform.asset(LIST).await.body;
    let counted_at: DateTime<Utc> = page["countedAt"].as_str().unwrap().parse().unwrap();
    assert!(counted_at >= asked_at, "{counted_at} is before the request at {asked_at}");
    let stations = page["items"].as_array().unwrap();
    assert_eq!(stations.len(), usize::try_from(STATIONS).unwrap());
    for station in stations {
        let id = station["id"].as_str().unwrap();
        let read = platform.asset(&format!("/api/v1/stations/{id}/availability")).await.body;
        for counts in ["piles", "connectors"] {
            assert_eq!(station["availability"][counts], read[counts], "{counts} of {station}");
        }
        let piles = platform.asset(&format!("/api/v1/stations/{id}/piles?limit=200")).await.body;
        let mut tally = BTreeMap::<&str, u32>::new();
        for pile in piles["items"].as_array().unwrap() {
            *tally.entry(pile["status"].as_str().unwrap()).or_default() += 1;
        }
        assert_eq!(tally.values().sum::<u32>(), PILES);
        assert_eq!(station["availability"]["piles"], json!(tally), "{station}");
    }
    // Whether a partition is read late, and thus the confidence, changes between two requests.
    eventually("the stations nearby to be those of the list", || async {
        let near = platform.asset("/api/v1/stations?near=31.2,121.4&limit=200").await.body;
        availabilities(&near) == availabilities(&platform.asset(LIST).await.body)
    })
    .await;
}

/// The availability of each station of a page.
fn availabilities(page: &Value) -> BTreeMap<String, Value> {
    let stations = page["items"].as_array().unwrap().iter();
    stations.map(|station| (station["id"].to_string(), station["availability"].clone())).collect()
}

async fn written(platform: &Platform) -> u64 {
    let sum = platform.database.json("select coalesce(sum(next_offset), 0) from ingest_partitions").await;
    sum.as_u64().unwrap()
}

async fn some_written(platform: &Platform, events: u64) {
    eventually("events to be written", || async {
        // Lists are read meanwhile, so that the map follows under load.
        assert_eq!(platform.asset(LIST).await.status, 200);
        written(platform).await >= events
    })
    .await;
}
