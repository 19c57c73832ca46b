//! Pods that are killed and restarted, and their devices.

use super::settings;
use crate::harness::{Harness, TIMEOUT, settings as contract_settings};
use crate::sample::{charge_point, connector, start_on};
use domain::event::EventKind;
use gateway_simulator::settings::CommandGroups;
use gateway_simulator::{DeviceSpec, Reconnect, SimulatorError};
use testkit::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_pod_reports_nothing_and_leaves_its_keys() {
    for settings in [settings(), contract_settings()] {
        let harness = Harness::start(settings, 4).await;
        let (id, other) = (harness.device(0).await, harness.device(1).await);
        let before = harness.simulator.events().len();
        let lost = harness.simulator.kill_pod(0).await.unwrap();
        assert_eq!((lost.first(), lost.len()), (Some(&id), 1));
        assert_eq!(harness.simulator.is_pod_up(0), Some(false));
        assert!(matches!(harness.simulator.heartbeat(&id).await, Err(SimulatorError::NotConnected(_))));
        assert!(matches!(harness.simulator.kill_pod(0).await, Err(SimulatorError::PodDown(0))));
        let refused = harness.simulator.connect(DeviceSpec::new(charge_point()).on_pod(0)).await;
        assert!(matches!(refused, Err(SimulatorError::PodDown(0))), "{refused:?}");
        harness.simulator.plug_in(&other, connector(1)).await.unwrap();
        let events = harness.simulator.events();
        assert!(events[before..].iter().all(|sent| sent.event.charge_point_id == other), "{events:?}");
        assert!(harness.key(&id).await.is_some());
        harness.simulator.restart_pod(0).unwrap();
        harness.simulator.reconnect(&id, 0, Reconnect::WithBoot).await.unwrap();
        assert_eq!(harness.simulator.pod_of(&id).await.as_ref(), harness.simulator.pods().first());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_a_pod_has_not_sent_are_lost_with_it() {
    let mut settings = settings();
    settings.gateway.event_interval_ms = 60_000;
    settings.gateway.flush_ms = 50;
    let harness = Harness::start(settings, 4).await;
    let connecting = harness.simulator.connect(DeviceSpec::new(charge_point()).on_pod(0));
    let (connected, killed) = tokio::join!(connecting, async {
        // The first event is sent at once, and the others wait behind it.
        harness.simulator.wait_for_event(|_| true, TIMEOUT).await.unwrap();
        harness.simulator.kill_pod(0).await
    });
    assert!(matches!(connected, Err(SimulatorError::Lost)), "{connected:?}");
    assert_eq!(killed.unwrap().len(), 1);
    assert_eq!(harness.simulator.statistics().events_sent, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_pod_executes_old_commands_again() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(0).await;
    let command = harness.command(&harness.simulator.pods()[0], &id, start_on(1));
    harness.publish(0, &command).await;
    harness.received(&command).await;
    harness.simulator.stop_charging(&id, connector(1)).await.unwrap();
    harness.simulator.unplug(&id, connector(1)).await.unwrap();
    harness.simulator.kill_pod(0).await.unwrap();
    // The device is connected when the pod reads the command again, and starts a charge that is no
    // longer ordered.
    let (restarted, reconnected) =
        (harness.simulator.restart_pod(0), harness.simulator.reconnect(&id, 0, Reconnect::WithoutBoot).await);
    assert!(restarted.is_ok() && reconnected.is_ok());
    let is_order = |received: &gateway_simulator::ReceivedCommand| received.command.id == command.id;
    eventually("the command to be read again", || async {
        harness.simulator.commands().iter().filter(|received| is_order(received)).count() == 2
    })
    .await;
    let charges = |sent: &std::sync::Arc<gateway_simulator::SentEvent>| matches!(&sent.event.kind, EventKind::StatusChanged(report) if report.status.as_str() == "Charging");
    eventually("a second charge", || async {
        harness.simulator.events().iter().filter(|it| charges(it)).count() == 2
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_group_of_a_killed_pod_reads_its_commands_again() {
    let mut settings = settings();
    settings.gateway.command_groups = CommandGroups::Shared;
    settings.gateway.group_session_ms = 1_500;
    let harness = Harness::start(settings, 4).await;
    let id = harness.device(1).await;
    let command = harness.command(&harness.simulator.pods()[1], &id, start_on(1));
    harness.publish(3, &command).await;
    harness.received(&command).await;
    harness.simulator.kill_pod(1).await.unwrap();
    harness.simulator.reconnect(&id, 0, Reconnect::WithoutBoot).await.unwrap();
    eventually("pod 0 to read it", || async { harness.simulator.commands().len() == 2 }).await;
    let commands = harness.simulator.commands();
    assert_eq!((commands[1].command.id, &commands[1].pod), (command.id, &harness.simulator.pods()[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_contracts_manner_a_restarted_pod_reads_only_missed_commands() {
    let harness = Harness::start(contract_settings(), 4).await;
    let id = harness.device(0).await;
    harness.send_command(0, &id, start_on(1)).await;
    harness.simulator.kill_pod(0).await.unwrap();
    let missed = harness.command(&harness.simulator.pods()[0], &id, start_on(2));
    harness.publish(harness.simulator.command_partition(0).unwrap(), &missed).await;
    harness.simulator.reconnect(&id, 0, Reconnect::WithBoot).await.unwrap_err();
    harness.simulator.restart_pod(0).unwrap();
    harness.received(&missed).await;
    assert_eq!(harness.simulator.commands().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_holds_ten_thousand_devices() {
    let mut settings = settings();
    settings.gateway.event_interval_ms = 0;
    settings.gateway.history = 100;
    settings.life.meter_interval_s = 0;
    let harness = Harness::start(settings, 4).await;
    let specs = (0..10_000).map(|_| DeviceSpec::new(charge_point()).on_pod(0).with_connectors(1));
    assert_eq!(harness.simulator.connect_all(specs).await.unwrap(), 20_000);
    let lost = harness.simulator.kill_pod(0).await.unwrap();
    assert_eq!((lost.len(), harness.simulator.statistics().connected), (10_000, 0));
    assert_eq!(harness.simulator.reconnect_all(lost, 1, Reconnect::WithoutBoot).await.unwrap(), 0);
    let statistics = harness.simulator.statistics();
    assert_eq!(
        (statistics.connected, statistics.events_sent, statistics.events_dropped),
        (10_000, 20_000, 0)
    );
}
