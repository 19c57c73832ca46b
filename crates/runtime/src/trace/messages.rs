//! Spans of messages that are sent and processed, after OpenTelemetry's conventions for Kafka.

use std::{collections::HashSet, time::SystemTime};

use chrono::{DateTime, Utc};
use opentelemetry::{
    Context, KeyValue, global,
    trace::{Link, Span as _, SpanBuilder, SpanContext, SpanKind, TraceContextExt as _, Tracer as _},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{Headers, client, extract, extract_span, is_exported};

/// Largest number of traces that a batch is linked to, which is OpenTelemetry's limit of links per
/// span.
pub const LINKS: usize = 128;

/// The span of sending a message to a partition; the message's headers must continue it. None
/// outside an exported trace.
#[must_use]
pub fn send(topic: &str, partition: i32) -> Span {
    client(|| {
        tracing::info_span!(
            target: "otel",
            "send",
            otel.name = format!("send {topic}"),
            otel.kind = "producer",
            messaging.system = "kafka",
            messaging.operation.name = "send",
            messaging.operation.type = "send",
            messaging.destination.name = topic,
            messaging.destination.partition.id = %partition,
        )
    })
}

/// Records a message's offset on its span.
pub fn sent(span: &Span, offset: i64) {
    span.set_attribute("messaging.kafka.offset", offset);
}

/// The span of processing one message, in the trace of its headers; none if spans are not exported.
#[must_use]
pub fn process(topic: &str, partition: i32, offset: i64, headers: &impl Headers) -> Span {
    if !is_exported() {
        return Span::none();
    }
    let span = processing(topic, partition);
    // Fails only without an OpenTelemetry layer.
    drop(span.set_parent(extract(headers)));
    span.set_attribute("messaging.kafka.offset", offset);
    span
}

/// The span of processing several messages, in a new trace with links to the traces of the
/// messages: one link per trace, at most [`LINKS`]. None if spans are not exported.
pub fn process_batch<'a, H: Headers + 'a>(
    topic: &str,
    partition: i32,
    messages: impl ExactSizeIterator<Item = &'a H>,
) -> Span {
    if !is_exported() {
        return Span::none();
    }
    let span = processing(topic, partition);
    span.set_attribute("messaging.batch.message_count", i64::try_from(messages.len()).unwrap_or(i64::MAX));
    let mut linked = HashSet::new();
    for origin in messages.filter_map(extract_span).filter(SpanContext::is_sampled) {
        if linked.insert(origin.trace_id()) {
            span.add_link(origin);
        }
        if linked.len() == LINKS {
            break;
        }
    }
    span
}

fn processing(topic: &str, partition: i32) -> Span {
    tracing::info_span!(
        target: "otel",
        parent: None,
        "process",
        otel.name = format!("process {topic}"),
        otel.kind = "consumer",
        messaging.system = "kafka",
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.destination.name = topic,
        messaging.destination.partition.id = %partition,
    )
}

/// Adds a span to the trace of a message that was processed in a batch from `began` to `ended`,
/// with a link to the span of the batch. So a reader of that trace sees its end and can follow it
/// into the batch.
pub fn answered(
    topic: &str,
    partition: i32,
    origin: SpanContext,
    batch: &Span,
    (began, ended): (DateTime<Utc>, DateTime<Utc>),
) {
    let tracer = global::tracer("runtime");
    let span = SpanBuilder::from_name(format!("process {topic}"))
        .with_kind(SpanKind::Consumer)
        .with_start_time(SystemTime::from(began))
        .with_links(vec![Link::with_context(batch.context().span().span_context().clone())])
        .with_attributes([
            KeyValue::new("messaging.system", "kafka"),
            KeyValue::new("messaging.operation.name", "process"),
            KeyValue::new("messaging.operation.type", "process"),
            KeyValue::new("messaging.destination.name", topic.to_owned()),
            KeyValue::new("messaging.destination.partition.id", partition.to_string()),
        ]);
    let parent = Context::new().with_remote_span_context(origin);
    tracer.build_with_context(span, &parent).end_with_timestamp(SystemTime::from(ended));
}
