//! A gateway that is as awkward as deployed ones.

use crate::harness::{Harness, settings};
use crate::sample::{connector, start_on};
use domain::event::EventKind;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn an_awkward_gateway_has_all_deviations() {
    let mut settings = settings();
    settings.behaviour.awkward = true;
    let harness = Harness::start(settings, 4).await;
    let id = harness.device(0).await;
    harness.send_command(0, &id, start_on(1)).await;
    let read = harness.simulator.read_meter(&id, connector(1)).await.unwrap();
    let EventKind::MeterValues(values) = &read[0].event.kind else {
        panic!("{read:?}");
    };
    assert!(values.transaction_id.is_some(), "the first event with the id");
    assert_eq!(harness.simulator.disconnect(&id).await.unwrap(), []);
    assert_eq!(harness.key(&id).await, None);

    let is_read = |event: &domain::event::GatewayEvent| matches!(event.kind, EventKind::MeterValues(_));
    let records = harness.records_until(&id, is_read).await;
    let messages: Vec<Value> = records
        .iter()
        .map(|(record, _)| serde_json::from_slice(record.value.as_deref().unwrap()).unwrap())
        .collect();
    let types: Vec<_> = messages.iter().map(|message| message["eventType"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        [
            "charge_point.connected",
            "connector.status_changed",
            "connector.status_changed",
            "connector.status_changed",
            "transaction.started",
            "connector.status_changed",
            "transaction.meter_values",
        ],
        "no command.response"
    );
    assert_eq!(messages[4]["payload"]["transactionId"], json!(0));
    assert_eq!(messages[5]["payload"]["previousStatus"], json!("Available"));
    for message in &messages {
        let millis: i64 = message["timestamp"].as_str().unwrap().parse().unwrap();
        assert!(millis > 1_000_000_000_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_deviation_can_be_configured_alone() {
    let mut settings = settings();
    settings.behaviour.transaction_id_late = true;
    let harness = Harness::start(settings, 4).await;
    let id = harness.device(0).await;
    let tag = domain::ids::IdTag::parse("RFID123").unwrap();
    let started = harness.simulator.start_charging(&id, connector(1), &tag).await.unwrap();
    let EventKind::TransactionStarted(start) = &started[1].event.kind else {
        panic!("{started:?}");
    };
    assert_eq!(start.transaction_id, None);
    assert_eq!(harness.simulator.disconnect(&id).await.unwrap().len(), 1, "the disconnection is reported");
}
