//! The metrics of an ingestor that operators use for scaling and alerts.

use crate::services::{free_address, ready, start, terminate};
use runtime::kafka::NewRecord;
use std::collections::BTreeMap;
use std::time::Duration;
use system_tests::{EVENT_PARTITIONS, Platform, create_topic};
use testkit::{TestTopic, eventually_some};

const PUBLISH: Duration = Duration::from_secs(120);

/// The values of `name` whose labels contain `label`.
fn values(metrics: &str, name: &str, label: &str) -> Vec<f64> {
    let named = |line: &&str| line.split(['{', ' ']).next() == Some(name) && line.contains(label);
    let value = |line: &str| line.rsplit(' ').next().unwrap().parse().unwrap();
    metrics.lines().filter(named).map(value).collect()
}

fn record(value: &str) -> NewRecord {
    NewRecord {
        key: Some(b"CP-1".to_vec()),
        value: Some(value.into()),
        headers: BTreeMap::new(),
        timestamp: runtime::clock::now(),
    }
}

/// The content of `/metrics`, once the change is published and every partition was read.
async fn settled(admin: &str) -> String {
    eventually_some("the change to be published, and every partition to be read", || async {
        let metrics = reqwest::get(format!("http://{admin}/metrics")).await.unwrap().text().await.unwrap();
        let published = values(&metrics, "feed_published_total", "").iter().sum::<f64>() >= 1.0;
        let is_zero = |name| values(&metrics, name, "") == [0.0];
        let is_calm = ["feed_delay_seconds", "feed_backlog_chunks", "ingest_partitions_unowned"]
            .into_iter()
            .all(is_zero);
        let partitions = usize::try_from(EVENT_PARTITIONS).unwrap();
        let is_read = ["ingest_partition_lag_records", "ingest_partition_idle_seconds"]
            .into_iter()
            .all(|name| values(&metrics, name, "partition=").len() == partitions);
        (published && is_calm && is_read).then_some(metrics)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_of_an_ingestor_show_its_work() {
    let platform = Platform::start(|_| {}).await;
    let (admin, feed) = (free_address(), TestTopic::new("feed"));
    create_topic(&platform.kafka, &feed, 1).await;
    let settings = [
        ("CHARGING__ADMIN__LISTEN", admin.as_str()),
        ("CHARGING__INGEST__TOPIC", platform.simulator_settings.topics.events.as_str()),
        ("CHARGING__FEED__TOPIC", &*feed),
        // No lease expires while a busy machine suspends the ingestor.
        ("CHARGING__INGEST__LEASE_MS", "60000"),
    ];
    let ingestor = start("event-ingestor", &platform.database, &settings);
    ready(&admin).await;
    let status = r#"{"eventId":"1","eventType":"connector.status_changed","chargePointId":"CP-1",
                     "payload":{"connectorId":1,"status":"Available"}}"#;
    let stale =
        status.replace("\"1\"", "\"2\"").replace("CP-1\",", "CP-1\",\"timestamp\":\"2020-01-01T00:00:00Z\",");
    let records = [status, status, &stale, "no JSON"].map(record).to_vec();
    platform
        .kafka
        .writer(&platform.simulator_settings.topics.events)
        .publish(0, records, PUBLISH)
        .await
        .unwrap();
    let metrics = settled(&admin).await;
    let sum = |name, label| values(&metrics, name, label).iter().sum::<f64>();
    let each = f64::from(EVENT_PARTITIONS);
    assert_eq!(sum("ingest_events_total", "kind="), 3.0, "{metrics}");
    assert!(sum("ingest_ignored_total", "reason=") >= 1.0, "{metrics}");
    assert_eq!(sum("ingest_dead_letters_total", "reason=\"NOT_JSON\""), 1.0);
    assert_eq!(sum("ingest_partition_owned", "replica="), each);
    assert_eq!(sum("ingest_partition_epoch", "partition="), each, "the first owner of each");
    assert_eq!(sum("ingest_partition_next_offset", "partition=\"0\""), 4.0);
    for name in ["ingest_partition_lag_records", "ingest_partition_idle_seconds", "ingest_partition_halted"] {
        assert_eq!(
            values(&metrics, name, "partition=").len(),
            usize::try_from(EVENT_PARTITIONS).unwrap(),
            "{name}"
        );
    }
    for name in
        ["ingest_partitions_unowned", "ingest_leases_lost_total", "feed_delay_seconds", "feed_backlog_chunks"]
    {
        assert_eq!(values(&metrics, name, ""), [0.0], "{name}");
    }
    for name in
        ["ingest_batch_records_count", "ingest_batch_duration_seconds_count", "ingest_latency_seconds_count"]
    {
        assert!(sum(name, "") >= 1.0, "{name}");
    }
    terminate(ingestor).await;
}
