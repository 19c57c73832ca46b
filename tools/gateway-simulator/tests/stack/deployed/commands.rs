//! How it handles commands: only three fields count, and Kafka assigns the pod that reads them.

use super::{settings, trigger};
use crate::harness::{Harness, TIMEOUT};
use crate::sample::start_on;
use chrono::TimeDelta;
use domain::commands::TriggeredMessage;
use domain::ids::GatewayId;
use gateway_simulator::settings::CommandGroups;
use gateway_simulator::{Outcome, Rejection};
use testkit::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn id_pod_and_expiry_are_ignored() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(0).await;
    let mut command = harness.command(&GatewayId::parse("another-gateway").unwrap(), &id, start_on(1));
    command.expires_at = runtime::clock::now() - TimeDelta::hours(1);
    let elsewhere = (harness.simulator.command_partition(0).unwrap() + 1) % 4;
    harness.publish(elsewhere, &command).await;
    assert_eq!(harness.received(&command).await.outcome, Outcome::Accepted);
    harness.publish(elsewhere, &command).await;
    let refused = Outcome::Rejected(Rejection::DeviceRejected);
    let again = harness.simulator.wait_for_command(|received| received.outcome == refused, TIMEOUT).await;
    assert_eq!(again.unwrap().command.id, command.id, "executed again, while the connector is in use");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_for_a_device_of_another_pod_is_dropped_by_this_one_alone() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(1).await;
    let received = harness.send_command(1, &id, trigger(TriggeredMessage::StatusNotification)).await;
    assert_eq!(received.pod, harness.simulator.pods()[1]);
    eventually("the other pod to drop it", || async { harness.simulator.statistics().commands_dropped == 1 })
        .await;
    assert_eq!(harness.simulator.commands().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_shared_group_a_pod_reads_its_range_whatever_devices_it_holds() {
    let mut settings = settings();
    settings.gateway.command_groups = CommandGroups::Shared;
    let harness = Harness::start(settings, 4).await;
    let id = harness.device(0).await;
    let pod = harness.simulator.pods()[0].clone();
    // With two pods and four partitions, pod 0 has the first two.
    let lost = harness.command(&pod, &id, start_on(1));
    harness.publish(3, &lost).await;
    let command = harness.command(&pod, &id, start_on(2));
    harness.publish(1, &command).await;
    assert_eq!(harness.received(&command).await.outcome, Outcome::Accepted);
    eventually("the first to be dropped", || async { harness.simulator.statistics().commands_dropped == 1 })
        .await;
    assert_eq!(harness.simulator.commands().len(), 1);
}
