//! A command topic that keeps commands for too long.

use super::{failures, start};
use crate::harness::{Harness, set_retention, settings};
use gateway_simulator::check::RuleResult;
use std::time::Duration;

const CODE: &str = "COMMAND_RETENTION_LONG";

#[tokio::test(flavor = "multi_thread")]
async fn warns_of_a_command_topic_that_keeps_commands_for_days() {
    let harness = Harness::start(settings(), 4).await;
    set_retention(&harness.kafka, &harness.topics.commands, Duration::from_secs(604_800)).await;
    let verdict = start(&harness, &[]).await.finish(true).await;
    let finding = verdict.finding(CODE).unwrap();
    assert_eq!(finding.result, RuleResult::Warn, "{verdict}");
    assert_eq!(finding.examples, [format!("{} keeps records for 7 d", harness.topics.commands)]);
    assert!(finding.advice.contains("retention.ms=120000"), "{}", finding.advice);
    assert_eq!(failures(&verdict), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_a_command_topic_that_keeps_commands_for_two_minutes() {
    let harness = Harness::start(settings(), 4).await;
    let verdict = start(&harness, &[]).await.finish(true).await;
    assert_eq!(verdict.finding(CODE).unwrap().result, RuleResult::Pass, "{verdict}");
    let verdict = start(&harness, &[("check.command_retention_s", "30")]).await.finish(true).await;
    assert_eq!(verdict.finding(CODE).unwrap().result, RuleResult::Warn, "{verdict}");
}
