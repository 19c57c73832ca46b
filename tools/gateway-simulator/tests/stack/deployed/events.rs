//! Which events it sends, in which form, and how often.

use super::{events_of, settings, trigger};
use crate::harness::{Harness, TIMEOUT};
use crate::sample::{charge_point, connector, start_on};
use domain::commands::{CommandKind, TriggeredMessage};
use domain::event::EventKind;
use domain::ids::TransactionId;
use gateway_simulator::DeviceSpec;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn shows_a_transaction_only_by_meter_values_and_its_stop() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(0).await;
    let began = runtime::clock::now().timestamp();
    harness.send_command(0, &id, start_on(1)).await;
    let is_reading =
        |sent: &gateway_simulator::SentEvent| matches!(sent.event.kind, EventKind::MeterValues(_));
    let reading = harness.simulator.wait_for_event(is_reading, TIMEOUT).await.unwrap();
    let EventKind::MeterValues(values) = &reading.event.kind else { panic!("{reading:?}") };
    let transaction_id: TransactionId = values.transaction_id.clone().unwrap();
    let seconds = transaction_id.as_integer().unwrap();
    assert!((began..began + 30).contains(&seconds), "{seconds} is not the Unix time of the start");
    harness.send_command(0, &id, CommandKind::StopTransaction { transaction_id }).await;
    let is_stop =
        |event: &domain::event::GatewayEvent| matches!(event.kind, EventKind::TransactionStopped(_));
    let records = harness.records_until(&id, is_stop).await;
    let messages: Vec<Value> = records
        .iter()
        .map(|(record, _)| serde_json::from_slice(record.value.as_deref().unwrap()).unwrap())
        .collect();
    let types: Vec<_> = messages
        .iter()
        .map(|message| message["eventType"].as_str().unwrap())
        .filter(|event_type| *event_type != "transaction.meter_values")
        .collect();
    assert_eq!(
        types[..6],
        [
            "charge_point.connected",
            "connector.status_changed",
            "connector.status_changed",
            "connector.status_changed",
            "connector.status_changed",
            "transaction.stopped",
        ],
        "neither a start nor an answer"
    );
    assert_eq!(messages[3]["payload"]["status"], json!("Preparing"));
    assert_eq!(messages[4]["payload"]["previousStatus"], json!("Available"));
    let sampled = messages.iter().find(|it| it["eventType"] == "transaction.meter_values").unwrap();
    let entries = sampled["payload"]["meterValues"].as_array().unwrap();
    assert_eq!(entries.len(), 5);
    for entry in entries {
        assert_eq!(entry["timestamp"], entries[0]["timestamp"]);
        assert_eq!(entry["sampledValue"]["measurand"], "Energy.Active.Import.Register");
        assert!(entry["sampledValue"].get("unit").is_none(), "{entry}");
    }
    assert_eq!(entries[1]["sampledValue"]["value"], "60", "the power, in kW");
    assert!(messages.iter().all(|message| message.get("traceId").is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn triggered_messages_lead_to_events_except_heartbeats() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(0).await;
    harness.send_command(0, &id, trigger(TriggeredMessage::Heartbeat)).await;
    harness.send_command(0, &id, trigger(TriggeredMessage::StatusNotification)).await;
    assert_eq!(events_of(&harness, &id, 3).await, ["status_changed", "status_changed"]);
    harness.send_command(0, &id, trigger(TriggeredMessage::BootNotification)).await;
    assert_eq!(events_of(&harness, &id, 5).await, ["connected"]);
    assert_eq!(harness.simulator.heartbeat(&id).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_pod_sends_at_most_one_event_per_ten_milliseconds() {
    let mut settings = settings();
    settings.gateway.flush_ms = 50;
    let harness = Harness::start(settings, 4).await;
    let specs: Vec<_> = (0..60).map(|number| DeviceSpec::new(charge_point()).on_pod(number % 2)).collect();
    assert_eq!(harness.simulator.connect_all(specs).await.unwrap(), 180);
    for pod in harness.simulator.pods() {
        let sent = harness.simulator.events();
        let mut times: Vec<_> = sent
            .iter()
            .filter(|sent| sent.event.gateway_id.as_ref() == Some(&pod))
            .map(|sent| sent.position.sent_at)
            .collect();
        times.sort();
        assert_eq!(times.len(), 90);
        let took = (times[89] - times[0]).num_milliseconds();
        assert!((890..20_000).contains(&took), "90 events in {took} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_wait_for_the_producer_to_be_flushed() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(0).await;
    let sent = harness.simulator.plug_in(&id, connector(1)).await.unwrap().remove(0);
    let waited = (sent.position.acknowledged_at - sent.position.sent_at).num_milliseconds();
    assert!(waited >= 499, "{waited} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn loses_and_counts_events_without_room_in_a_pods_queue() {
    let mut settings = settings();
    settings.gateway.event_queue = 1;
    settings.gateway.event_interval_ms = 200;
    let harness = Harness::start(settings, 4).await;
    let connecting =
        harness.simulator.connect(DeviceSpec::new(charge_point()).on_pod(0).with_connectors(9)).await;
    assert!(connecting.is_err(), "{connecting:?}");
    assert!(harness.simulator.statistics().events_dropped >= 7, "{:?}", harness.simulator.statistics());
}
