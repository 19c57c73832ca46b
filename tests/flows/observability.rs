//! `docs/metrics.md` lists all metrics of the services, and dashboards and alerts use no others.

use crate::fleet::{Fleet, SERVICES};
use crate::promql::mentions;
use runtime::kafka::NewRecord;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use system_tests::Platform;
use testkit::collector::Collector;
use testkit::eventually;

const PUBLISH: Duration = Duration::from_secs(120);
/// Labels that Prometheus itself adds.
const SCRAPED: [&str; 2] = ["job", "instance"];

/// The metrics of a service by name.
type Families = BTreeMap<String, Family>;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Family {
    kind: String,
    labels: BTreeSet<String>,
}

fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap()
}

/// What Prometheus would read from a service's response.
fn families(text: &str) -> Families {
    let mut families = Families::new();
    for line in text.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            families.entry(name.to_owned()).or_default().kind = kind.to_owned();
        } else if !line.starts_with('#') && !line.is_empty() {
            let (series, _value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let family = families.get_mut(family_of(name, &families.clone())).unwrap();
            let mut names: BTreeSet<_> = label_names(labels);
            if family.kind == "histogram" {
                names.remove("le");
            }
            family.labels.extend(names);
        }
    }
    families
}

/// The family of the series `name`.
fn family_of<'a>(name: &'a str, families: &Families) -> &'a str {
    let parts = ["_bucket", "_sum", "_count"];
    let stem = parts.iter().find_map(|part| name.strip_suffix(part));
    stem.filter(|stem| families.get(*stem).is_some_and(|family| family.kind == "histogram")).unwrap_or(name)
}

/// The names of `a="1",b="2"}`; no value here contains a quotation mark or a backslash.
fn label_names(labels: &str) -> BTreeSet<String> {
    let outside = labels.split('"').step_by(2);
    let names = outside.filter_map(|text| text.strip_suffix('='));
    names.map(|name| name.trim_start_matches(',').to_owned()).collect()
}

/// The rows of the table for `service`.
fn documented(service: &str) -> Families {
    let all = read("docs/metrics.md");
    let rows = all.lines().filter(|line| line.starts_with("| `"));
    let mut families = Families::new();
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, labels, _unit, exposed_by, _meaning] = cells.as_slice() else { panic!("{row}") };
        let is_here = *exposed_by == "all" || exposed_by.split(", ").any(|by| by == service);
        if is_here {
            let labels = labels.split(", ").map(|label| label.trim_matches('`').to_owned());
            let labels = labels.filter(|label| !label.is_empty()).collect();
            let known = families
                .insert(name.trim_matches('`').to_owned(), Family { kind: (*kind).to_owned(), labels });
            assert_eq!(known, None, "{name} is in the table twice");
        }
    }
    families
}

/// Lets the fleet's own dispatcher execute a batch: the platform's other one may be faster for the
/// first ones.
async fn batch(fleet: &Fleet) {
    loop {
        let asked = fleet.command(&format!("{}/commands/reset", fleet.station)).json(&json!({}));
        let asked = asked.send().await.unwrap();
        assert_eq!(asked.status(), 202);
        let place = asked.headers()["location"].to_str().unwrap().to_owned();
        eventually("the batch to be finished", || async {
            let batch: Value = fleet.commanded(&place).send().await.unwrap().json().await.unwrap();
            batch["finishedAt"].is_string()
        })
        .await;
        if fleet.metrics().await.concat().contains("commands_batch_items_total{") {
            return;
        }
    }
}

/// The services' `/metrics`, after something of every kind was measured.
async fn measured(platform: &Platform, fleet: &Fleet) -> Vec<Families> {
    let message = json!({ "requestedMessage": "Heartbeat" });
    let pile = fleet.command(&format!("{}/commands/trigger-message", fleet.pile));
    assert_eq!(pile.json(&message).send().await.unwrap().status(), 202);
    assert_eq!(fleet.asset(&fleet.pile).send().await.unwrap().status(), 200);
    // The second is a copy with the same instant, whenever it is read.
    let heard = r#"{"eventId":"1","eventType":"connector.status_changed","chargePointId":"CP-1",
                    "gatewayId":"pod-1","timestamp":"NOW","payload":{"connectorId":1,"status":"Available"}}"#;
    let now = runtime::clock::now();
    let heard = heard.replace("NOW", &now.to_rfc3339());
    let records = [&*heard, &*heard, "no JSON"].map(|value| NewRecord {
        key: Some(b"CP-1".to_vec()),
        value: Some(value.into()),
        headers: BTreeMap::new(),
        timestamp: now,
    });
    let events = platform.kafka.writer(&platform.simulator_settings.topics.events);
    events.publish(0, records.to_vec(), PUBLISH).await.unwrap();
    let last = [
        "commands_topic_retention_seconds{",
        "ingest_commands_settled_total{",
        "ingest_ignored_total{",
        "feed_delay_seconds ",
        "fleet_charge_points{",
        "database_table_bytes{",
        "database_table_oldest_seconds{",
        "http_server_request_duration_seconds_count{",
    ];
    batch(fleet).await;
    for name in last {
        eventually(name, || async { fleet.metrics().await.concat().contains(name) }).await;
    }
    fleet.metrics().await.iter().map(|text| families(text)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_is_in_the_table() {
    let (platform, collector) = (Platform::start(|_| {}).await, Collector::start());
    let fleet = Fleet::start(&platform, &collector).await;
    let measured = measured(&platform, &fleet).await;
    for (service, families) in SERVICES.iter().zip(&measured) {
        let documented = documented(service);
        // Nothing is doubtful here, and no session exceeds a limit: histograms of that appear once
        // something does.
        let rare = ["ingest_presence_doubt_", "session_limits_overshoot_"];
        let is_calm = |name: &&String| !rare.iter().any(|rare| name.starts_with(rare));
        let names = |families: &Families| families.keys().filter(is_calm).cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(families), names(&documented), "the metrics of {service} and of the table");
        for (name, family) in families {
            assert_eq!(family, &documented[name], "{name} of {service} and of the table");
        }
    }
    dashboards_speak_of(&measured);
    alerts_speak_of(&measured);
    fleet.stop().await;
}

/// Checks that each metric and label exists, of each expression and of the legends of its lines.
fn dashboards_speak_of(measured: &[Families]) {
    for name in ["fleet", "ingest", "commands", "api"] {
        let path = format!("deploy/observability/dashboards/{name}.json");
        let dashboard: Value = serde_json::from_str(&read(&path)).unwrap();
        let panels = dashboard["panels"].as_array().unwrap();
        assert!(!panels.is_empty());
        for panel in panels {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{path}: {panel}");
            let targets = panel["targets"].as_array().unwrap();
            assert!(!targets.is_empty(), "{path}: {panel}");
            for target in targets {
                let expression = target["expr"].as_str().unwrap();
                let labels = speaks_of(&path, expression, measured);
                for shown in target["legendFormat"].as_str().unwrap().split("{{").skip(1) {
                    let label = shown.split("}}").next().unwrap();
                    assert!(labels.contains(label), "{path}: {expression} has no label {label}");
                }
            }
        }
    }
}

fn alerts_speak_of(measured: &[Families]) {
    let path = "deploy/observability/alerts/charging.rules.yaml";
    let rules = read(path);
    let mut expressions = 0;
    let mut lines = rules.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(runbook) = line.trim().strip_prefix("runbook_url: ") {
            assert!(repository(runbook).is_file(), "{runbook} does not exist");
        }
        let Some(first) = line.trim().strip_prefix("expr: ") else { continue };
        let mut expression = first.trim_start_matches('|').to_owned();
        // A block continues while it is indented further than its key.
        while let Some(more) = lines.next_if(|next| first == "|" && next.starts_with("          ")) {
            expression.push_str(more);
        }
        speaks_of(path, &expression, measured);
        expressions += 1;
    }
    assert_eq!(expressions, rules.matches("- alert: ").count());
}

/// Checks an expression; returns the labels of its metrics.
fn speaks_of(path: &str, expression: &str, measured: &[Families]) -> BTreeSet<String> {
    let mentions = mentions(expression);
    assert!(!mentions.metrics.is_empty(), "{path}: {expression} contains no metric");
    let mut all: BTreeSet<String> = SCRAPED.map(str::to_owned).into();
    for (metric, selected) in &mentions.metrics {
        let found = measured.iter().find_map(|families| {
            let family = families.get(family_of(metric, families))?;
            let is_part = family_of(metric, families) != metric;
            // A histogram has no series with its own name.
            ((family.kind == "histogram") == is_part).then_some(family)
        });
        let Some(family) = found else { panic!("{path}: no service has {metric}, which is in {expression}") };
        let mut labels = family.labels.clone();
        labels.extend(SCRAPED.map(str::to_owned));
        if metric.ends_with("_bucket") {
            labels.insert("le".to_owned());
        }
        assert!(selected.is_subset(&labels), "{path}: {metric} has {labels:?}, not all of {selected:?}");
        all.extend(labels);
    }
    let groupings = &mentions.groupings;
    assert!(groupings.is_subset(&all), "{path}: {expression} has {all:?}, not all of {groupings:?}");
    all
}
