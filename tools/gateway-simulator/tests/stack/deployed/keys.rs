//! Its `conn:` keys, which are written at boots and never refreshed.

use super::{events_of, settings, trigger};
use crate::harness::Harness;
use crate::sample::connector;
use domain::commands::TriggeredMessage;
use gateway_simulator::Reconnect;
use testkit::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_expires_while_events_come_and_a_boot_writes_it_again() {
    let mut settings = settings();
    settings.gateway.conn_ttl_s = 5;
    settings.gateway.conn_refresh_s = 1;
    let harness = Harness::start(settings, 4).await;
    let id = harness.device(0).await;
    assert_eq!(harness.key(&id).await.as_deref(), Some(harness.simulator.pods()[0].as_str()));
    eventually("the key to expire", || async { harness.key(&id).await.is_none() }).await;
    assert_eq!(harness.simulator.plug_in(&id, connector(1)).await.unwrap().len(), 1);
    harness.send_command(0, &id, trigger(TriggeredMessage::StatusNotification)).await;
    events_of(&harness, &id, 4).await;
    assert_eq!(harness.key(&id).await, None, "neither events nor commands write it");
    harness.send_command(0, &id, trigger(TriggeredMessage::BootNotification)).await;
    eventually("the key to be written", || async { harness.key(&id).await.is_some() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stays_when_its_device_disconnects() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(0).await;
    assert_eq!(harness.simulator.disconnect(&id).await.unwrap(), []);
    assert_eq!(harness.simulator.statistics().connected, 0);
    assert!(harness.key(&id).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_moves_without_a_boot_leaves_its_key_with_the_old_pod() {
    let harness = Harness::start(settings(), 4).await;
    let pods = harness.simulator.pods();
    let id = harness.device(0).await;
    let sent = harness.simulator.reconnect(&id, 1, Reconnect::WithoutBoot).await.unwrap();
    assert_eq!(sent, []);
    assert_eq!(harness.simulator.pod_of(&id).await.as_ref(), Some(&pods[1]));
    let sent = harness.simulator.plug_in(&id, connector(1)).await.unwrap();
    assert_eq!(sent[0].event.gateway_id.as_ref(), Some(&pods[1]));
    assert_eq!(harness.key(&id).await.as_deref(), Some(pods[0].as_str()));
    harness.simulator.reconnect(&id, 1, Reconnect::WithBoot).await.unwrap();
    assert_eq!(harness.key(&id).await.as_deref(), Some(pods[1].as_str()));
}
