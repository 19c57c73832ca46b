//! The database contains exactly what the gateways sent, whatever happens to the ingestors
//! meanwhile.

use chaos::verdict::state;
use gateway_simulator::Load;
use gateway_simulator::settings::LoadSettings;
use runtime::Shutdown;
use serde_json::json;
use std::time::Duration;
use system_tests::{Platform, steady};
use testkit::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn events_count_once_while_replicas_come_go_and_crash() {
    let platform = Platform::start(|settings| settings.gateway.pods = 3).await;
    let settings = LoadSettings { duplicates: 0.1, moves: 0.02, ..steady(400, 10, 60) };
    let load = Load::new(&settings, &platform.simulator_settings, &platform.kafka).await.unwrap();
    let shutdown = Shutdown::new(Duration::from_secs(1));
    let play = async {
        let (first, second) = (platform.ingest(), platform.ingest());
        some_written(&platform, 500).await;
        first.crash().await;
        some_written(&platform, 1_500).await;
        let third = platform.ingest();
        some_written(&platform, 2_500).await;
        second.stop().await;
        third
    };
    let (report, last) = tokio::join!(load.run(&settings, &shutdown), play);
    let report = report.unwrap();
    assert_eq!(report.failed, 0);
    assert!(report.duplicates > 0);
    eventually("everything to be written", || async { written(&platform).await == report.acknowledged })
        .await;
    last.stop().await;
    assert_eq!(platform.database.json("select count(*) from dead_letters").await, json!(0));
    let differences = state::differences(&platform.database.pool, &report.ledger, None).await.unwrap();
    assert_eq!(differences, [""; 0]);
}

async fn written(platform: &Platform) -> u64 {
    let sum = platform.database.json("select coalesce(sum(next_offset), 0) from ingest_partitions").await;
    sum.as_u64().unwrap()
}

async fn some_written(platform: &Platform, events: u64) {
    eventually("events to be written", || async { written(platform).await >= events }).await;
}
