//! Names in the documents exist in the repository: paths, commands and identifiers.

use crate::markdown::Document;
use crate::repository::{documents, folded, root, shown, words};
use std::collections::BTreeSet;
use std::fs;

/// Names of other software or of the reader's own systems, which are in no file here.
const FOREIGN: &[&str] = &[
    // HTTP, Kafka, Redis and PostgreSQL
    "Allow",
    "AlterConfigs",
    "Describe",
    "NotLeaderOrFollower",
    "mget",
    "MGET",
    "MSET",
    "flushdb",
    "autovacuum_vacuum_cost_limit",
    "hot_standby_feedback",
    "max_prepared_transactions",
    "nologin",
    "pg_rewind",
    "publish_via_partition_root",
    "scram-sha-256",
    "wait_event",
    // browsers and systems
    "dangerouslySetInnerHTML",
    "EventSource",
    "libc6-dev",
    "libgcc_s",
    "libm",
    "perf",
    // the published gateway and OCPP
    "charge-point-gateway",
    "dev-station",
    "Raw",
    // read by OpenTelemetry itself
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    // examples of what a reader names, and words that are advised against
    "CHARGING__SECTION__KEY_FILE",
    "charging_owner",
    "commands-down-256",
    "SIM-000019",
    "aborted-0",
    "helpers",
];

/// The beginnings of paths in documents.
const BEGINNINGS: [&str; 10] =
    ["crates/", "tools/", "tests/", "docs/", "deploy/", "migrations/", "proto/", "fuzz/", ".ci/", "Makefile"];

/// Reports each finding of `judge` on the code spans of all documents.
fn judge_spans(judge: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut findings = Vec::new();
    for path in documents() {
        let document = Document::parse(&fs::read_to_string(&path).unwrap());
        for (line, span) in document.spans() {
            findings.extend(judge(&span).map(|found| format!("{}:{line}: {found}", shown(&path))));
        }
    }
    findings
}

#[test]
fn every_path_exists() {
    let missing = judge_spans(|span| {
        let is_path = BEGINNINGS.iter().any(|begin| span.starts_with(begin))
            && !span.contains(['<', '*', '…', ' ', '{', '$']);
        let path = span.trim_end_matches('/').split(':').next().unwrap_or_default();
        (is_path && !root().join(path).exists()).then(|| span.to_owned())
    });
    assert!(missing.is_empty(), "these paths do not exist:\n{}", missing.join("\n"));
}

#[test]
fn every_command_exists() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter(|line| !line.starts_with(['\t', '#', ' ']))
        .filter_map(|line| line.split_once(':').map(|(target, _)| target))
        .flat_map(str::split_whitespace)
        .collect();
    let mut unknown = Vec::new();
    for path in documents() {
        let document = Document::parse(&fs::read_to_string(&path).unwrap());
        let spans = document.spans();
        let in_blocks = document.blocks.iter().filter(|block| block.language == "sh");
        let in_blocks = in_blocks.flat_map(|block| (block.line..).zip(block.text.lines().map(str::to_owned)));
        for (line, command) in spans.into_iter().chain(in_blocks) {
            let mut parts = command.split_whitespace();
            let named =
                (parts.next() == Some("make")).then(|| parts.find(|part| !part.contains('='))).flatten();
            if let Some(target) = named
                && !targets.contains(target)
            {
                unknown.push(format!("{}:{line}: make {target}", shown(&path)));
            }
        }
    }
    assert!(unknown.is_empty(), "the Makefile has no such targets:\n{}", unknown.join("\n"));
}

#[test]
fn every_identifier_exists() {
    let words = words();
    let unknown = judge_spans(|span| {
        let parts: Vec<&str> = span.trim_end_matches("()").split("::").collect();
        let is_identifier = |part: &str| {
            part.len() > 2
                && part.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
        };
        let unknown = parts.iter().all(|part| is_identifier(part))
            && parts.iter().any(|part| !words.contains(&folded(part)) && !FOREIGN.contains(part));
        unknown.then(|| span.to_owned())
    });
    assert!(unknown.is_empty(), "nothing in the repository has these names:\n{}", unknown.join("\n"));
}
