//! One trace leads from the order service's call to the ingestor's write; an unreachable collector
//! does no harm.

use crate::fleet::Fleet;
use crate::services::{free_address, ready, start, terminate};
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use system_tests::Platform;
use testkit::collector::{Collector, ExportedSpan, SpanKind, StatusCode};
use testkit::{TestDatabase, eventually};
use tokio::net::TcpListener;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// The single span that matches; panics and shows all spans if there is none, or several.
fn only<'a>(spans: &'a [ExportedSpan], what: &str, is: impl Fn(&ExportedSpan) -> bool) -> &'a ExportedSpan {
    let found: Vec<_> = spans.iter().filter(|span| is(span)).collect();
    match found.as_slice() {
        [span] => span,
        _ => panic!("{} spans are {what}; there are {spans:#?}", found.len()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_call_to_the_write() {
    let (platform, collector) = (Platform::start(|_| {}).await, Collector::start());
    let fleet = Fleet::start(&platform, &collector).await;
    let pile = fleet.pile.clone();
    let answer = fleet
        .command(&format!("{pile}/commands/trigger-message"))
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .header("tracestate", "orders=7")
        .json(&json!({ "requestedMessage": "Heartbeat" }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 202);

    let ours = |spans: &[ExportedSpan], service: &str| {
        spans.iter().any(|span| span.service == service && span.trace_id == TRACE)
    };
    eventually("the trace to be complete", || async {
        let spans = collector.spans();
        ours(&spans, "command-dispatcher") && ours(&spans, "event-ingestor")
    })
    .await;
    // The rest is exported before a process exits.
    fleet.stop().await;
    let spans = collector.spans();
    let topics = &platform.simulator_settings.topics;
    let called = called(&spans, &pile);
    let sent = sent(&spans, called, &topics.commands);
    let taken = only(&spans, "the gateway's", |span| {
        span.service == "gateway-simulator" && span.name == format!("process {}", topics.commands)
    });
    assert!(taken.is_child_of(sent), "{taken:#?}");
    assert_eq!(taken.kind, SpanKind::Consumer);
    written(&spans, taken, &topics.events);
    let commands = platform.database.json("select json_agg(trace_id) from commands").await;
    assert_eq!(commands, json!([TRACE]), "the command contains its trace");
}

/// The span of the call, whose parent is the caller's.
fn called<'a>(spans: &'a [ExportedSpan], pile: &str) -> &'a ExportedSpan {
    let path = format!("{pile}/commands/trigger-message");
    let called = only(spans, "the call", |span| span.attribute("url.path") == path);
    assert_eq!((called.trace_id.as_str(), called.parent.as_str()), (TRACE, CALLER));
    assert_eq!((called.service.as_str(), called.kind), ("command-dispatcher", SpanKind::Server));
    assert_eq!(called.trace_state, "orders=7");
    let route = "/api/v1/piles/{pileId}/commands/trigger-message";
    assert_eq!(called.name, format!("POST {route}"));
    for (name, value) in [
        ("http.route", route),
        ("http.request.method", "POST"),
        ("http.response.status_code", "202"),
        ("url.scheme", "http"),
    ] {
        assert_eq!(called.attribute(name), value, "{name}");
    }
    called
}

/// The span of the record, inside that of the call, next to those of requests to PostgreSQL and
/// Redis.
fn sent<'a>(spans: &'a [ExportedSpan], called: &ExportedSpan, topic: &str) -> &'a ExportedSpan {
    let delivered =
        only(spans, "the delivery", |span| span.name == "deliver command" && span.is_child_of(called));
    let sent = only(spans, "the record", |span| span.name == format!("send {topic}"));
    assert!(sent.is_child_of(delivered), "{sent:#?}");
    assert_eq!(sent.kind, SpanKind::Producer);
    assert_eq!(sent.attribute("messaging.system"), "kafka");
    assert_eq!(sent.attribute("messaging.destination.name"), topic);
    assert_ne!(sent.attribute("messaging.kafka.offset"), "");
    let route = only(spans, "the look at Redis", |span| span.attribute("db.system.name") == "redis");
    assert!(route.is_child_of(called), "{route:#?}");
    assert_eq!((route.name.as_str(), route.kind), ("PIPELINE GET", SpanKind::Client));
    for (function, parent) in
        [("storage::commands::load_contexts", called), ("storage::commands::insert_many", delivered)]
    {
        let asked = only(spans, function, |span| span.attribute("code.function.name") == function);
        assert!(asked.is_child_of(parent), "{asked:#?}");
        assert_eq!(asked.attribute("db.system.name"), "postgresql");
        assert_eq!(asked.kind, SpanKind::Client);
    }
    sent
}

/// The batch that contains the answer is a separate trace, linked to the origin of the answer; and
/// in the command's trace a span leads to it.
fn written(spans: &[ExportedSpan], taken: &ExportedSpan, topic: &str) {
    let origin = (TRACE.to_owned(), taken.id.clone());
    let ended = only(spans, "the end of the trace", |span| {
        span.service == "event-ingestor" && span.trace_id == TRACE
    });
    assert!(ended.is_child_of(taken), "{ended:#?}");
    let [(trace, batch)] = ended.links.as_slice() else { panic!("{ended:#?}") };
    let batch = only(spans, "the batch", |span| span.trace_id == *trace && span.id == *batch);
    assert_eq!((batch.name.as_str(), batch.parent.as_str()), (format!("process {topic}").as_str(), ""));
    assert_eq!(batch.kind, SpanKind::Consumer);
    assert!(batch.links.contains(&origin), "{batch:#?}");
    assert_ne!(batch.attribute("messaging.batch.message_count"), "");
    assert_eq!(batch.status, StatusCode::Unset);
    let write = only(spans, "the write", |span| {
        span.is_child_of(batch) && span.attribute("db.system.name") == "postgresql"
    });
    assert!(write.attribute("code.function.name").ends_with("BatchWriter::write"), "{write:#?}");
}

/// asset-api, exporting to `endpoint`, creates 30 stations. Returns its metrics once they contain
/// `reason` for dropping, and how long it took to stop.
async fn without_a_collector(endpoint: &str, reason: &str) -> Duration {
    let database = TestDatabase::new().await;
    let (http, admin) = (free_address(), free_address());
    let settings = [
        ("CHARGING__HTTP__LISTEN", http.as_str()),
        ("CHARGING__ADMIN__LISTEN", admin.as_str()),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint),
        // Longer than the test waits for the end of a process.
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "4"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2"),
    ];
    let service = start("asset-api", &database, &settings);
    ready(&admin).await;
    let client = Client::new();
    let create = || async {
        let station = client.post(format!("http://{http}/api/v1/stations")).json(&json!({ "name": "站" }));
        assert_eq!(station.send().await.unwrap().status(), 201);
    };
    for _ in 0..30 {
        create().await;
    }
    let dropped = format!("traces_spans_dropped_total{{reason=\"{reason}\"}} ");
    eventually("spans to be counted as dropped", || async {
        create().await;
        let metrics = reqwest::get(format!("http://{admin}/metrics")).await.unwrap().text().await.unwrap();
        // The counter exists from the beginning.
        let count = metrics.lines().find_map(|line| line.strip_prefix(&dropped)?.parse::<f64>().ok());
        assert!(metrics.contains("traces_spans_exported_total 0"), "{metrics}");
        count.unwrap() > 0.0
    })
    .await;
    let began = tokio::time::Instant::now();
    terminate(service).await;
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_collector_does_no_harm() {
    let unused = free_address();
    without_a_collector(&format!("http://{unused}/v1/traces"), "export_failed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_responds_delays_nothing() {
    // The system accepts connections into its queue, and nothing else happens.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/v1/traces", silent.local_addr().unwrap());
    let took = without_a_collector(&endpoint, "queue_full").await;
    // The exporter itself would wait for ten minutes.
    assert!(took < Duration::from_secs(80), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_variables_nothing_is_exported() {
    let (database, collector) = (TestDatabase::new().await, Collector::start());
    for off in [&[][..], &[("OTEL_SDK_DISABLED", "true")], &[("OTEL_TRACES_EXPORTER", "none")]] {
        let (http, admin) = (free_address(), free_address());
        let mut settings =
            BTreeMap::from([("CHARGING__HTTP__LISTEN", http.as_str()), ("CHARGING__ADMIN__LISTEN", &admin)]);
        if !off.is_empty() {
            settings.insert("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint);
            settings.extend(off.iter().copied());
        }
        let service = start("asset-api", &database, &settings.into_iter().collect::<Vec<_>>());
        ready(&admin).await;
        let nowhere: Value =
            reqwest::get(format!("http://{http}/nowhere")).await.unwrap().json().await.unwrap();
        assert_eq!(nowhere["traceId"].as_str().map(str::len), Some(32), "trace ids exist anyway");
        let metrics = reqwest::get(format!("http://{admin}/metrics")).await.unwrap().text().await.unwrap();
        assert!(!metrics.contains("traces_spans"), "{metrics}");
        terminate(service).await;
    }
    assert_eq!(collector.spans().len(), 0);
}
