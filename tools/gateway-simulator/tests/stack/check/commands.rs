//! How gateways handle commands.

use super::{failures, start, wait_for_key_reads, wait_for_result};
use crate::harness::{Harness, TIMEOUT, settings};
use crate::sample::connector;
use domain::commands::Command;
use domain::event::{CommandAnswer, EventKind, GatewayEvent};
use domain::ids::EventId;
use gateway_simulator::check::{Outcome as Judged, RuleResult, Verdict};
use gateway_simulator::{DeviceSpec, Outcome, SimulatorSettings};
use std::time::Duration;
use testkit::{eventually, unique};
use wire::RawRecord;

fn tag() -> domain::ids::IdTag {
    domain::ids::IdTag::parse("RFID123").unwrap()
}

const COMMANDING: [(&str, &str); 1] = [("check.command", "true")];
/// Long enough for a busy machine that suspends the simulator between an event and a key.
const TOLERANT: (&str, &str) = ("check.settle_ms", "3000");

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_itself_keeps_the_contract() {
    let mut settings = settings();
    settings.life.heartbeat_interval_s = 1;
    settings.life.meter_interval_s = 1;
    let harness = Harness::start(settings, 4).await;
    let check = start(&harness, &[COMMANDING[0], TOLERANT]).await;
    let devices: Vec<_> = (0..5).map(|_| DeviceSpec::new(crate::sample::charge_point())).collect();
    let first = devices[0].charge_point_id.clone();
    harness.simulator.connect_all(devices).await.unwrap();
    harness.simulator.start_charging(&first, connector(1), &tag()).await.unwrap();
    eventually("three trials", || async { check.so_far().observed.commanded == 3 }).await;
    wait_for_result(&check, "MEASURANDS_FLATTENED", RuleResult::Pass).await;
    harness.simulator.disconnect(&first).await.unwrap();
    wait_for_result(&check, "ROUTE_LEFT_BEHIND", RuleResult::Pass).await;
    let verdict = check.finish(false).await;
    assert_eq!(verdict.outcome, Judged::Keeps, "{verdict}");
    assert_eq!(verdict.codes(RuleResult::Warn), [""; 0], "{verdict}");
    let not_judged = verdict.codes(RuleResult::NotJudged);
    for code in [
        "COMMAND_LOST",
        "COMMAND_ANSWER_MISSING",
        "ANSWERS_NEVER_SENT",
        "COMMAND_REPEATED",
        "COMMAND_EXPIRED",
        "COMMAND_ANY_PARTITION",
        "SILENT_WITH_KEY",
        "STARTED_MISSING",
        "HEARTBEATS_NEVER_SENT",
        "GOODBYES_NEVER_SENT",
        "CLOCK_SKEW",
    ] {
        assert!(!not_judged.contains(&code), "{code}: {verdict}");
    }
    assert_eq!(verdict.codes(RuleResult::Info), ["TRACE_MISSING"], "{verdict}");
    let outcomes = harness.simulator.commands();
    let count = |wanted| outcomes.iter().filter(|received| received.outcome == wanted).count();
    assert_eq!((count(Outcome::Accepted), count(Outcome::Repeated), count(Outcome::Expired)), (6, 3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn warns_of_a_gateway_that_does_not_answer() {
    let mut settings = settings();
    settings.behaviour.answers_commands = false;
    let verdict = commanded(settings, 4, &[("check.command_timeout_s", "5")]).await;
    assert_eq!(verdict.codes(RuleResult::Warn), ["ANSWERS_NEVER_SENT"], "{verdict}");
    assert_eq!(failures(&verdict), [""; 0]);
    for code in ["COMMAND_LOST", "COMMAND_REPEATED", "COMMAND_EXPIRED", "COMMAND_ANY_PARTITION"] {
        assert_eq!(verdict.finding(code).unwrap().result, RuleResult::Pass, "{verdict}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_gateway_with_another_hash() {
    let mut settings = settings();
    settings.gateway.routing_hash = wire::routing::RoutingHash::Fnv1a64;
    settings.gateway.pod_prefix = prefix_that_distinguishes_the_hashes();
    let quick = [("check.command_timeout_s", "1"), ("check.command_partitions", "5")];
    let verdict = commanded(settings, 5, &quick).await;
    assert_eq!(failures(&verdict), ["COMMAND_LOST"], "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_topic_of_another_size_and_publishes_nothing() {
    let harness = Harness::start(settings(), 4).await;
    let check = start(&harness, &[("check.command", "true"), ("check.command_partitions", "128")]).await;
    assert_eq!(failures(&check.so_far()), ["COMMAND_PARTITIONS"]);
    harness.device(0).await;
    wait_for_result(&check, "ROUTE_MISSING", RuleResult::Pass).await;
    wait_for_key_reads(&check, 10).await;
    let observed = check.finish(false).await.observed;
    assert_eq!((observed.commanded, observed.unpublished), (0, 0));
    assert!(harness.simulator.commands().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_gateway_that_executes_every_command() {
    let harness = Harness::start(settings(), 4).await;
    // Long enough for late answers on a busy machine.
    let check = start(&harness, &[("check.command", "true"), ("check.settle_ms", "3000")]).await;
    // The simulator does not answer the copy and the expired command; the test answers in its
    // place.
    harness.device(0).await;
    let eager = answer_skipped_commands(&harness);
    let (_, verdict) = tokio::join!(tokio::time::timeout(TIMEOUT, eager), async {
        eventually("the trial", || async { check.so_far().observed.commanded == 1 }).await;
        check.finish(false).await
    });
    assert_eq!(failures(&verdict), ["COMMAND_REPEATED", "COMMAND_EXPIRED"], "{verdict}");
}

/// A trial of one device of a gateway with these settings.
async fn commanded(settings: SimulatorSettings, partitions: i32, overrides: &[(&str, &str)]) -> Verdict {
    let harness = Harness::start(settings, partitions).await;
    let check = start(&harness, &[&COMMANDING, overrides].concat()).await;
    harness.device(0).await;
    eventually("the trial", || async { check.so_far().observed.commanded == 1 }).await;
    check.finish(false).await
}

/// With 5 partitions, because with a power of two up to 32 both hashes always select the same.
fn prefix_that_distinguishes_the_hashes() -> String {
    use wire::routing::RoutingHash::{Fnv1a32, Fnv1a64};
    let partitions = std::num::NonZeroU16::new(5).unwrap();
    let mut prefixes = std::iter::repeat_with(|| unique("pod") + "-").take(1_000);
    let differs = |prefix: &String| {
        // The device is on pod 0; the other pod must not read its partition either.
        let [sent, other] = [0, 1].map(|pod| Fnv1a64.partition(&format!("{prefix}{pod}"), partitions));
        let expected = Fnv1a32.partition(&format!("{prefix}0"), partitions);
        expected != sent && expected != other
    };
    prefixes.find(differs).unwrap()
}

/// Answers `Accepted` to every command that the simulator skipped, like a gateway that does not
/// check.
async fn answer_skipped_commands(harness: &Harness) {
    let mut answered = 0;
    while answered < 2 {
        let skipped: Vec<_> = harness
            .simulator
            .commands()
            .into_iter()
            .filter(|received| matches!(received.outcome, Outcome::Repeated | Outcome::Expired))
            .skip(answered)
            .map(|received| received.command.clone())
            .collect();
        for command in skipped {
            harness.simulator.send(accepted(&command)).await.unwrap();
            answered += 1;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn accepted(command: &Command) -> GatewayEvent {
    GatewayEvent {
        event_id: EventId::parse(&unique("event")).unwrap(),
        charge_point_id: command.charge_point_id.clone(),
        gateway_id: Some(command.gateway_id.clone()),
        claimed_at: Some(runtime::clock::now()),
        trace_id: None,
        kind: EventKind::CommandAnswered(CommandAnswer {
            command_id: Some(command.id),
            command_name: None,
            status: "Accepted".to_owned(),
            reason: None,
        }),
    }
}

/// The check sends the commands that the platform would send.
#[tokio::test(flavor = "multi_thread")]
async fn commands_are_records_of_the_contract() {
    let harness = Harness::start(settings(), 4).await;
    let check = start(&harness, &COMMANDING).await;
    let id = harness.device(1).await;
    eventually("the trial", || async { check.so_far().observed.commanded == 1 }).await;
    let partition = harness.simulator.command_partition(1).unwrap();
    let reader = harness.kafka.reader(&harness.topics.commands, partition);
    let records = Box::pin(reader.fetch(0, Duration::from_secs(5), 1 << 20)).await.unwrap().records;
    let record = &records[0];
    assert_eq!(record.key.as_deref(), Some(id.as_str().as_bytes()));
    let command = wire::decode_command(&RawRecord::json(record.value.as_deref().unwrap())).unwrap();
    assert_eq!(command.kind.name(), "TriggerMessage");
    let traceparent = str::from_utf8(&record.headers["traceparent"]).unwrap();
    assert!(traceparent.starts_with(&format!("00-{}-", command.trace_id.unwrap())), "{traceparent}");
    assert_eq!(record.headers["content-type"], b"application/json");
}
