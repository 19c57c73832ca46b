//! `gateway-simulator check` on the real stack: the simulator keeps the contract, and violations
//! are found.

mod commands;
mod deployed;
mod process;
mod records;
mod retention;
mod routes;

use crate::harness::Harness;
use gateway_simulator::check::{Check, RuleResult, Verdict};
use gateway_simulator::settings::{DEFAULTS, Settings};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use testkit::{eventually, kafka_brokers, redis_url};

/// Settings of a quick check of that harness, with `overrides`.
fn settings(harness: &Harness, overrides: &[(&str, &str)]) -> Settings {
    let (brokers, url) = (kafka_brokers(), redis_url());
    let quick = [
        ("kafka.brokers", &*brokers),
        ("redis.url", &*url),
        ("topics.events", &*harness.topics.events),
        ("topics.commands", &*harness.topics.commands),
        ("check.command_partitions", "4"),
        ("check.look_interval_ms", "100"),
        ("check.settle_ms", "300"),
    ];
    runtime::settings::parse(DEFAULTS, &[&quick, overrides].concat()).unwrap()
}

async fn start(harness: &Harness, overrides: &[(&str, &str)]) -> Check {
    let settings = settings(harness, overrides);
    Check::start(&settings, harness.kafka.clone(), harness.redis.clone()).await.unwrap()
}

/// Waits until the rule with this code has that result.
async fn wait_for_result(check: &Check, code: &str, result: RuleResult) {
    let what = format!("{code} to be {result:?}");
    eventually(&what, || async { check.so_far().finding(code).unwrap().result == result }).await;
}

/// Waits until keys were read `more` times more.
async fn wait_for_key_reads(check: &Check, more: u64) {
    let before = check.so_far().observed.key_reads;
    eventually("more reads of the keys", || async { check.so_far().observed.key_reads >= before + more })
        .await;
}

/// The codes of the rules with which the contract is broken.
fn failures(verdict: &Verdict) -> Vec<&'static str> {
    verdict.codes(RuleResult::Fail)
}

/// Sends a command to Redis that the simulator's client does not support.
fn send_to_redis(command: &str) {
    let url = redis_url();
    let mut connection = TcpStream::connect(url.rsplit(['/', '@']).next().unwrap()).unwrap();
    connection.write_all(format!("{command}\r\n").as_bytes()).unwrap();
    let mut answer = [0; 1];
    connection.read_exact(&mut answer).unwrap();
    assert_ne!(&answer, b"-", "{command}");
}
