//! The events of a device.

use crate::harness::{Harness, settings};
use crate::sample::{connector, summary};
use domain::event::EventKind;
use domain::status::ConnectorStatus;
use gateway_simulator::{DeviceSpec, Disconnection, SimulatorError};
use std::num::NonZeroU16;
use wire::routing::RoutingHash;

#[tokio::test(flavor = "multi_thread")]
async fn events_are_in_the_default_partitioners_partition() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(0).await;
    let sent = harness.simulator.heartbeat(&id).await.unwrap().remove(0);
    let partitions = NonZeroU16::new(3).unwrap();
    assert_eq!(sent.position.partition, RoutingHash::Murmur2.partition(id.as_str(), partitions));
    assert!(sent.position.acknowledged_at >= sent.position.sent_at);

    let records = harness.records_until(&id, |event| event.kind == EventKind::Heartbeat).await;
    assert_eq!(summary(&records), ["connected", "Available", "Available", "heartbeat"]);
    let (record, event) = records.last().unwrap();
    assert_eq!(record.offset, sent.position.offset);
    assert_eq!(record.headers["content-type"], b"application/json");
    assert_eq!(event.event_id, sent.event.event_id);
    assert_eq!(event.gateway_id.as_ref(), harness.simulator.pods().first());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_disconnection_comes_from_the_old_pod() {
    let harness = Harness::start(settings(), 4).await;
    let pods = harness.simulator.pods();
    let id = harness.device(0).await;
    let sent = harness.simulator.move_to_pod(&id, 1, Disconnection::Late).await.unwrap();
    let from: Vec<_> =
        sent.iter().map(|sent| (sent.event.kind.name(), sent.event.gateway_id.as_ref().unwrap())).collect();
    assert_eq!(from.first(), Some(&("connected", &pods[1])));
    assert_eq!(from.last(), Some(&("disconnected", &pods[0])));
    let offsets: Vec<_> = sent.iter().map(|sent| sent.position.offset).collect();
    assert!(offsets.is_sorted());
    assert_eq!(harness.simulator.pod_of(&id).await.as_ref(), Some(&pods[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_connect_at_once_and_only_the_connected_can_act() {
    let harness = Harness::start(settings(), 4).await;
    let specs: Vec<_> = (0..50).map(|_| DeviceSpec::new(crate::sample::charge_point())).collect();
    let ids: Vec<_> = specs.iter().map(|spec| spec.charge_point_id.clone()).collect();
    assert_eq!(harness.simulator.connect_all(specs).await.unwrap(), 150);
    assert_eq!(harness.simulator.statistics().connected, 50);
    let faulted = harness
        .simulator
        .set_status(&ids[7], connector(2), ConnectorStatus::Faulted, Some("GroundFailure"))
        .await
        .unwrap();
    let EventKind::StatusChanged(report) = &faulted[0].event.kind else {
        panic!("{faulted:?}");
    };
    assert_eq!(report.error_code.as_deref(), Some("GroundFailure"));
    harness.simulator.disconnect(&ids[7]).await.unwrap();
    let refused = harness.simulator.heartbeat(&ids[7]).await;
    assert!(matches!(refused, Err(SimulatorError::NotConnected(_))));
    harness.simulator.disconnect_all().await.unwrap();
    harness.simulator.stop().await;
    let statistics = harness.simulator.statistics();
    assert_eq!((statistics.connected, statistics.events_sent, statistics.events_failed), (0, 201, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_act_by_themselves() {
    let mut settings = settings();
    settings.life.heartbeat_interval_s = 1;
    settings.life.sessions_per_hour = 100_000.0;
    settings.life.session_s = 1;
    let harness = Harness::start(settings, 4).await;
    let id = harness.device(1).await;
    for wanted in ["heartbeat", "transaction_started", "transaction_stopped"] {
        harness
            .simulator
            .wait_for_event(
                |sent| sent.event.charge_point_id == id && sent.event.kind.name() == wanted,
                std::time::Duration::from_secs(60),
            )
            .await
            .unwrap();
    }
}
