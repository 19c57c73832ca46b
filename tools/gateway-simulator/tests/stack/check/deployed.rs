//! The deployed gateway under the check: each deviation is found by its rule, and nothing else is
//! reported.

use super::{failures, start, wait_for_result};
use crate::harness::{Harness, settings as contract_settings};
use crate::sample::{charge_point, connector};
use chrono::TimeDelta;
use domain::event::{BootReport, EventKind, GatewayEvent};
use domain::ids::{EventId, IdTag};
use gateway_simulator::check::RuleResult;
use gateway_simulator::settings::CommandGroups;
use gateway_simulator::{DeviceSpec, Manner, Reconnect, SimulatorSettings};
use std::num::NonZeroU16;
use testkit::{eventually, unique};
use wire::routing::RoutingHash;

fn settings() -> SimulatorSettings {
    let mut settings = contract_settings();
    settings.behaviour.manner = Manner::Deployed;
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_its_deviations_in_seconds_and_reports_them_once() {
    let mut settings = settings();
    settings.life.meter_interval_s = 1;
    let harness = Harness::start(settings, 4).await;
    let overrides = [
        ("check.command", "true"),
        ("check.settle_ms", "1500"),
        ("check.command_devices", "2"),
        ("check.heartbeat_interval_s", "3"),
    ];
    let check = start(&harness, &overrides).await;
    let charging = harness.device(0).await;
    harness.device(1).await;
    let tag = IdTag::parse("RFID123").unwrap();
    harness.simulator.start_charging(&charging, connector(1), &tag).await.unwrap();
    eventually("both trials", || async { check.so_far().observed.commanded == 2 }).await;
    wait_for_result(&check, "STARTED_MISSING", RuleResult::Warn).await;
    wait_for_result(&check, "MEASURANDS_FLATTENED", RuleResult::Warn).await;
    wait_for_result(&check, "HEARTBEATS_NEVER_SENT", RuleResult::Warn).await;
    let verdict = check.finish(false).await;
    assert_eq!(failures(&verdict), ["COMMAND_REPEATED", "COMMAND_EXPIRED"], "{verdict}");
    let warnings = [
        "TIME_SPELLING",
        "HEARTBEATS_NEVER_SENT",
        "STARTED_MISSING",
        "MEASURANDS_FLATTENED",
        "ANSWERS_NEVER_SENT",
    ];
    assert_eq!(verdict.codes(RuleResult::Warn), warnings, "{verdict}");
    assert_eq!(verdict.codes(RuleResult::Info), ["TRACE_MISSING", "COMMAND_ANY_PARTITION"], "{verdict}");
    for code in ["COMMAND_LOST", "COMMAND_GROUP_SHARED", "CLOCK_SKEW", "ROUTE_ELSEWHERE"] {
        assert_eq!(verdict.finding(code).unwrap().result, RuleResult::Pass, "{code}: {verdict}");
    }
    let answers = verdict.finding("ANSWERS_NEVER_SENT").unwrap();
    assert_eq!((answers.broken, answers.judged), (1, 1), "reported once");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_an_unrefreshed_key_before_and_after_it_expires() {
    let mut settings = settings();
    settings.life.meter_interval_s = 1;
    settings.gateway.conn_ttl_s = 8;
    let harness = Harness::start(settings, 4).await;
    // An event counts if it happened after a read, and these are sent half a second later.
    let check = start(&harness, &[("check.look_interval_ms", "2000")]).await;
    let id = harness.device(0).await;
    let tag = IdTag::parse("RFID123").unwrap();
    harness.simulator.start_charging(&id, connector(1), &tag).await.unwrap();
    wait_for_result(&check, "ROUTE_NOT_REFRESHED", RuleResult::Fail).await;
    wait_for_result(&check, "ROUTE_RAN_OUT", RuleResult::Fail).await;
    let verdict = check.finish(false).await;
    assert_eq!(failures(&verdict), ["ROUTE_RAN_OUT"], "the one includes the other: {verdict}");
    for code in ["GOODBYE_MISSING", "GOODBYES_NEVER_SENT"] {
        assert_eq!(verdict.finding(code).unwrap().result, RuleResult::NotJudged, "{verdict}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_device_that_moves_without_a_boot() {
    let mut settings = settings();
    settings.life.meter_interval_s = 1;
    let harness = Harness::start(settings, 4).await;
    let check = start(&harness, &[("check.look_interval_ms", "2000")]).await;
    let id = harness.device(0).await;
    let tag = IdTag::parse("RFID123").unwrap();
    harness.simulator.start_charging(&id, connector(1), &tag).await.unwrap();
    wait_for_result(&check, "ROUTE_ELSEWHERE", RuleResult::Pass).await;
    harness.simulator.reconnect(&id, 1, Reconnect::WithoutBoot).await.unwrap();
    wait_for_result(&check, "ROUTE_ELSEWHERE", RuleResult::Fail).await;
    wait_for_result(&check, "GOODBYES_NEVER_SENT", RuleResult::Warn).await;
    assert_eq!(failures(&check.finish(false).await), ["ROUTE_ELSEWHERE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_group_that_pods_share() {
    let partitions = NonZeroU16::new(6).unwrap();
    let mut settings = settings();
    settings.gateway.pods = 3;
    settings.gateway.command_groups = CommandGroups::Shared;
    // With three pods and six partitions, pod 0 reads the first two, and its hash selects another
    // one.
    settings.gateway.pod_prefix = std::iter::repeat_with(|| unique("pod") + "-")
        .find(|prefix| RoutingHash::Fnv1a32.partition(&format!("{prefix}0"), partitions) > 1)
        .unwrap();
    let harness = Harness::start(settings, 6).await;
    let overrides =
        [("check.command", "true"), ("check.command_partitions", "6"), ("check.command_timeout_s", "4")];
    let check = start(&harness, &overrides).await;
    harness.device(0).await;
    eventually("the trial", || async { check.so_far().observed.commanded == 1 }).await;
    let verdict = check.finish(false).await;
    assert_eq!(failures(&verdict), ["COMMAND_GROUP_SHARED"], "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_device_that_left_its_key() {
    let harness = Harness::start(settings(), 4).await;
    let overrides = [
        ("check.command", "true"),
        ("check.command_devices", "2"),
        ("check.settle_ms", "1000"),
        ("check.command_timeout_s", "6"),
    ];
    let (here, gone) = (charge_point(), charge_point());
    let check = start(&harness, &overrides).await;
    // Neither can be commanded before its first event is read; by then one of them has left.
    for id in [&here, &gone] {
        harness.simulator.connect(DeviceSpec::new(id.clone()).on_pod(0)).await.unwrap();
        if id == &gone {
            harness.simulator.disconnect(id).await.unwrap();
        }
    }
    eventually("both trials", || async { check.so_far().observed.commanded == 2 }).await;
    let verdict = check.finish(false).await;
    let finding = verdict.finding("SILENT_WITH_KEY").unwrap();
    assert_eq!((finding.result, finding.broken), (RuleResult::Warn, 1), "{verdict}");
    assert!(finding.examples[0].starts_with(gone.as_str()), "{finding:?}");
    assert_eq!(verdict.finding("COMMAND_LOST").unwrap().result, RuleResult::Pass, "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_wrong_clock() {
    let harness = Harness::start(contract_settings(), 4).await;
    let check = start(&harness, &[]).await;
    for _ in 0..5 {
        let event = GatewayEvent {
            event_id: EventId::parse(&unique("event")).unwrap(),
            charge_point_id: charge_point(),
            gateway_id: Some(harness.simulator.pods()[0].clone()),
            claimed_at: Some(runtime::clock::now() + TimeDelta::seconds(20)),
            trace_id: None,
            kind: EventKind::Connected(BootReport::default()),
        };
        harness.simulator.send(event).await.unwrap();
    }
    wait_for_result(&check, "CLOCK_SKEW", RuleResult::Warn).await;
    let verdict = check.finish(false).await;
    assert_eq!(
        verdict.finding("TIMESTAMP_ABSURD").unwrap().result,
        RuleResult::Pass,
        "still believed: {verdict}"
    );
}
