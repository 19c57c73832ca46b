//! Records that a gateway should not send.

use super::{failures, start, wait_for_result};
use crate::harness::{Harness, TIMEOUT, settings};
use crate::sample::charge_point;
use domain::ids::ChargePointId;
use gateway_simulator::check::RuleResult;
use runtime::kafka::NewRecord;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn heartbeat(id: &ChargePointId) -> Value {
    json!({
        "eventId": uuid::Uuid::now_v7(), "eventType": "charge_point.heartbeat", "chargePointId": id,
        "gatewayId": "pod-0", "timestamp": runtime::clock::now(), "traceId": "t", "payload": {},
    })
}

/// Publishes a record to this partition, whatever its key.
async fn publish(
    harness: &Harness,
    partition: i32,
    key: Option<&ChargePointId>,
    value: &str,
    headers: &[&str],
) {
    let record = NewRecord {
        key: key.map(|key| key.as_str().as_bytes().to_vec()),
        value: Some(value.as_bytes().to_vec()),
        headers: headers
            .iter()
            .map(|name| ((*name).to_owned(), b"text/plain".to_vec()))
            .collect::<BTreeMap<_, _>>(),
        timestamp: runtime::clock::now(),
    };
    let writer = harness.kafka.writer(&harness.topics.events);
    Box::pin(writer.publish(partition, vec![record], TIMEOUT)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_each_invalid_record() {
    let harness = Harness::start(settings(), 4).await;
    let check = start(&harness, &[]).await;
    let id = charge_point();
    assert_eq!(check.so_far().exit_code(), 2, "nothing was observed");

    publish(&harness, 0, Some(&id), &heartbeat(&id).to_string(), &[]).await;
    wait_for_result(&check, "KEY_MISMATCH", RuleResult::Pass).await;
    assert_eq!(failures(&check.so_far()), [""; 0]);

    publish(&harness, 1, Some(&id), "nonsense", &[]).await;
    publish(&harness, 1, Some(&id), "{}", &["content-type"]).await;
    wait_for_result(&check, "UNDECODABLE", RuleResult::Fail).await;
    publish(&harness, 0, None, &heartbeat(&id).to_string(), &[]).await;
    wait_for_result(&check, "KEY_MISSING", RuleResult::Fail).await;
    publish(&harness, 0, Some(&charge_point()), &heartbeat(&id).to_string(), &[]).await;
    wait_for_result(&check, "KEY_MISMATCH", RuleResult::Fail).await;
    publish(&harness, 2, Some(&id), &heartbeat(&id).to_string(), &[]).await;
    wait_for_result(&check, "SEVERAL_PARTITIONS", RuleResult::Fail).await;

    let mut event = heartbeat(&id);
    publish(&harness, 0, Some(&id), &event.to_string(), &[]).await;
    publish(&harness, 0, Some(&id), &event.to_string(), &[]).await;
    wait_for_result(&check, "EVENT_REPEATED", RuleResult::Warn).await;
    event["eventType"] = json!("charge_point.connected");
    publish(&harness, 0, Some(&id), &event.to_string(), &[]).await;
    wait_for_result(&check, "EVENT_ID_REUSED", RuleResult::Fail).await;
    let bare = json!({ "eventType": "HeartbeatEvent", "charge_point_id": id });
    publish(&harness, 0, Some(&id), &bare.to_string(), &[]).await;
    let warnings = [
        "EVENT_ID_MISSING",
        "GATEWAY_ID_MISSING",
        "TIMESTAMP_MISSING",
        "EVENT_TYPE_OUTDATED",
        "FIELD_SPELLING",
    ];
    for code in warnings {
        wait_for_result(&check, code, RuleResult::Warn).await;
    }
    let mut absurd = heartbeat(&id);
    absurd["timestamp"] = json!("2001-01-01T00:00:00Z");
    publish(&harness, 0, Some(&id), &absurd.to_string(), &[]).await;
    wait_for_result(&check, "TIMESTAMP_ABSURD", RuleResult::Warn).await;

    let verdict = check.finish(false).await;
    let expected = ["UNDECODABLE", "KEY_MISSING", "KEY_MISMATCH", "SEVERAL_PARTITIONS", "EVENT_ID_REUSED"];
    assert_eq!(failures(&verdict), expected);
    assert_eq!(verdict.exit_code(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_and_skips_an_unreadable_batch() {
    let harness = Harness::start(settings(), 4).await;
    let check = start(&harness, &[]).await;
    let topic = harness.topics.events.clone();
    tokio::task::spawn_blocking(move || {
        let brokers = testkit::kafka_brokers();
        let mut connection = testkit::kafka_wire::Connection::open(brokers.split(',').next().unwrap());
        // More than may be unpacked.
        let batch = testkit::kafka_wire::Batch {
            records: 7_000,
            value: vec![b' '; 10_000],
            gzip: true,
            ..Default::default()
        };
        connection.produce(&topic, None, &batch);
    })
    .await
    .unwrap();
    wait_for_result(&check, "UNREADABLE_BATCH", RuleResult::Fail).await;
    let id = charge_point();
    publish(&harness, 0, Some(&id), &heartbeat(&id).to_string(), &[]).await;
    wait_for_result(&check, "UNDECODABLE", RuleResult::Pass).await;
}
