//! How pods handle commands.

use crate::harness::{Harness, settings};
use crate::sample::{start_on, summary};
use chrono::TimeDelta;
use domain::commands::{CommandKind, ResetKind};
use domain::event::EventKind;
use domain::ids::GatewayId;
use gateway_simulator::{Outcome, Rejection, SentEvent};
use std::num::NonZeroU16;
use wire::routing::RoutingHash;

fn is(name: &'static str) -> impl Fn(&domain::event::GatewayEvent) -> bool {
    move |event| event.kind.name() == name
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_remote_session_in_order() {
    let mut settings = settings();
    settings.life.meter_interval_s = 1;
    let harness = Harness::start(settings, 8).await;
    let pod = &harness.simulator.pods()[1];
    let expected = RoutingHash::Fnv1a32.partition(pod.as_str(), NonZeroU16::new(8).unwrap());
    assert_eq!(harness.simulator.command_partition(1), Some(expected));
    let id = harness.device(1).await;

    let received = harness.send_command(1, &id, start_on(2)).await;
    assert_eq!((received.outcome, received.partition), (Outcome::Accepted, expected));
    let records = harness.records_until(&id, is("meter_values")).await;
    assert_eq!(
        summary(&records)[3..8],
        ["Accepted", "Preparing", "transaction_started", "Charging", "meter_values"]
    );
    let EventKind::TransactionStarted(start) = &records[5].1.kind else {
        panic!("{records:?}");
    };
    let transaction_id = start.transaction_id.clone().unwrap();
    harness.send_command(1, &id, CommandKind::StopTransaction { transaction_id }).await;
    let freed = |event: &domain::event::GatewayEvent| {
        matches!(&event.kind, EventKind::StatusChanged(report)
            if report.connector_id.number() == 2 && report.status.as_str() == "Available"
                && event.claimed_at > records[5].1.claimed_at)
    };
    let records = harness.records_until(&id, freed).await;
    let summary = summary(&records);
    assert_eq!(summary[summary.len() - 4..], ["Accepted", "transaction_stopped", "Finishing", "Available"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_disconnects_the_device_and_brings_it_back() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(0).await;
    harness.send_command(0, &id, start_on(1)).await;
    harness.send_command(0, &id, CommandKind::Reset { kind: ResetKind::Soft }).await;
    let records = harness.records_until(&id, is("disconnected")).await;
    let summary = summary(&records);
    let gone = summary.iter().position(|summary| summary == "disconnected").unwrap();
    assert_eq!(summary[gone - 3..=gone], ["Accepted", "transaction_stopped", "Finishing", "disconnected"]);
    let boots = |id| {
        let events = harness.simulator.events();
        let is_boot = |sent: &SentEvent| sent.event.charge_point_id == id && is("connected")(&sent.event);
        events.iter().filter(|sent| is_boot(sent)).count()
    };
    testkit::eventually("the device to be back", || async { boots(id.clone()) == 2 }).await;
    assert_eq!(harness.key(&id).await.as_deref(), Some(harness.simulator.pods()[0].as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn ignores_commands_for_another_pod() {
    let harness = Harness::start(settings(), 1).await;
    let id = harness.device(0).await;
    let foreign = harness.command(&GatewayId::parse("another-gateway").unwrap(), &id, start_on(1));
    harness.publish(0, &foreign).await;
    // A later command on the same partition was received, so the earlier one was read, too.
    let received = harness.send_command(1, &id, start_on(1)).await;
    assert_eq!(received.outcome, Outcome::Rejected(Rejection::DeviceOffline), "it is on the other pod");
    assert_eq!(harness.simulator.commands().len(), 1);
    testkit::eventually("each pod to see each record", || async {
        harness.simulator.statistics().commands_foreign == 3
    })
    .await;
    let records = harness.records_until(&id, is("command_answered")).await;
    assert_eq!(summary(&records), ["connected", "Available", "Available", "Rejected"]);
    assert_eq!(records[3].1.gateway_id.as_ref(), harness.simulator.pods().get(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn executes_a_command_once_and_before_it_expires() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(0).await;
    let pod = harness.simulator.pods()[0].clone();
    let partition = harness.simulator.command_partition(0).unwrap();
    let command = harness.command(&pod, &id, start_on(1));
    let mut expired = harness.command(&pod, &id, start_on(2));
    expired.expires_at = runtime::clock::now() - TimeDelta::seconds(1);
    for command in [&command, &command, &expired] {
        harness.publish(partition, command).await;
    }
    harness.received(&expired).await;
    let outcomes: Vec<_> = harness.simulator.commands().iter().map(|received| received.outcome).collect();
    assert_eq!(outcomes, [Outcome::Accepted, Outcome::Repeated, Outcome::Expired]);
    harness.simulator.heartbeat(&id).await.unwrap();
    let records = harness.records_until(&id, is("heartbeat")).await;
    assert_eq!(
        summary(&records)[3..],
        ["Accepted", "Preparing", "transaction_started", "Charging", "heartbeat"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_may_read_every_partition() {
    let mut settings = settings();
    settings.gateway.read_all_partitions = true;
    let harness = Harness::start(settings, 4).await;
    let id = harness.device(0).await;
    let command = harness.command(&harness.simulator.pods()[0], &id, start_on(1));
    let elsewhere = (harness.simulator.command_partition(0).unwrap() + 1) % 4;
    harness.publish(elsewhere, &command).await;
    assert_eq!(harness.received(&command).await.outcome, Outcome::Accepted);
}
