//! How it handles commands: only three fields count, and Kafka assigns the pod that reads them.

use super::{settings, trigger};
use crate::bench::{Bench, TIMEOUT};
use crate::sample::start_on;
use chrono::TimeDelta;
use domain::commands::TriggeredMessage;
use domain::ids::GatewayId;
use gateway_simulator::settings::CommandGroups;
use gateway_simulator::{Outcome, Rejection};
use testkit::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn id_pod_and_expiry_are_ignored() {
    let bench = Bench::start(settings(), 4).await;
    let id = bench.device(0).await;
    let mut command = bench.command(&GatewayId::parse("another-gateway").unwrap(), &id, start_on(1));
    command.expires_at = runtime::clock::now() - TimeDelta::hours(1);
    let elsewhere = (bench.simulator.command_partition(0).unwrap() + 1) % 4;
    bench.publish(elsewhere, &command).await;
    assert_eq!(bench.received(&command).await.outcome, Outcome::Accepted);
    bench.publish(elsewhere, &command).await;
    let refused = Outcome::Rejected(Rejection::DeviceRejected);
    let again = bench.simulator.wait_for_command(|received| received.outcome == refused, TIMEOUT).await;
    assert_eq!(again.unwrap().command.id, command.id, "executed again, while the connector is in use");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_for_a_device_of_another_pod_is_dropped_by_this_one_alone() {
    let bench = Bench::start(settings(), 4).await;
    let id = bench.device(1).await;
    let received = bench.order(1, &id, trigger(TriggeredMessage::StatusNotification)).await;
    assert_eq!(received.pod, bench.simulator.pods()[1]);
    eventually("the other pod to drop it", || async { bench.simulator.statistics().commands_dropped == 1 })
        .await;
    assert_eq!(bench.simulator.commands().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_shared_group_a_pod_reads_its_range_whatever_devices_it_holds() {
    let mut settings = settings();
    settings.gateway.command_groups = CommandGroups::Shared;
    let bench = Bench::start(settings, 4).await;
    let id = bench.device(0).await;
    let pod = bench.simulator.pods()[0].clone();
    // With two pods and four partitions, pod 0 has the first two.
    let lost = bench.command(&pod, &id, start_on(1));
    bench.publish(3, &lost).await;
    let command = bench.command(&pod, &id, start_on(2));
    bench.publish(1, &command).await;
    assert_eq!(bench.received(&command).await.outcome, Outcome::Accepted);
    eventually("the first to be dropped", || async { bench.simulator.statistics().commands_dropped == 1 })
        .await;
    assert_eq!(bench.simulator.commands().len(), 1);
}
