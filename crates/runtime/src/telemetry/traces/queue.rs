//! Bounds the number of spans that wait for the collector and counts the outcome of each: exported
//! or dropped.

use std::{
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{AcqRel, Acquire},
        },
    },
    time::Duration,
};

use opentelemetry::{Context, KeyValue, global, metrics::Counter};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanExporter, SpanProcessor},
};

/// The spans between their end and the collector.
#[derive(Debug)]
pub(super) struct Spans {
    limit: usize,
    pending: AtomicUsize,
    exported: Counter<u64>,
    dropped: Counter<u64>,
    /// A drop was logged since the last successful export.
    is_reported: AtomicBool,
}

impl Spans {
    /// An empty queue for `limit` spans.
    pub(super) fn new(limit: usize) -> Self {
        let meter = global::meter("traces");
        let exported = meter
            .u64_counter("traces.spans.exported")
            .with_description("Spans that were exported to the collector")
            .build();
        let dropped = meter
            .u64_counter("traces.spans.dropped")
            .with_description("Spans that were not exported, by reason: queue_full, export_failed")
            .build();
        exported.add(0, &[]);
        for reason in ["queue_full", "export_failed"] {
            dropped.add(0, &[KeyValue::new("reason", reason)]);
        }
        Self { limit, pending: AtomicUsize::new(0), exported, dropped, is_reported: AtomicBool::new(false) }
    }

    /// Number of waiting spans.
    pub(super) fn pending(&self) -> usize {
        self.pending.load(Acquire)
    }

    /// Reserves a slot in the queue; if it is full, the span is dropped.
    fn enter(&self) -> bool {
        let entered =
            self.pending.fetch_update(AcqRel, Acquire, |count| (count < self.limit).then_some(count + 1));
        if entered.is_err() {
            self.drop(1, "queue_full", "the queue is full");
        }
        entered.is_ok()
    }

    fn leave(&self, count: usize, outcome: &OTelSdkResult) {
        self.pending.fetch_sub(count, AcqRel);
        match outcome {
            Ok(()) => {
                self.exported.add(number(count), &[]);
                if self.is_reported.swap(false, AcqRel) {
                    tracing::info!("the collector accepts spans again; export resumes");
                }
            }
            Err(error) => self.drop(count, "export_failed", &error.to_string()),
        }
    }

    /// Counts dropped spans and logs the first drop until export resumes.
    fn drop(&self, count: usize, reason: &'static str, why: &str) {
        self.dropped.add(number(count), &[KeyValue::new("reason", reason)]);
        if !self.is_reported.swap(true, AcqRel) {
            tracing::warn!(
                reason,
                why,
                "cannot export spans; they are dropped until the collector accepts them"
            );
        }
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Passes no more spans to the processor `P` than it has room for, so that none is dropped
/// uncounted.
#[derive(Debug)]
pub(super) struct Bounded<P> {
    processor: P,
    spans: Arc<Spans>,
}

impl<P> Bounded<P> {
    pub(super) const fn new(processor: P, spans: Arc<Spans>) -> Self {
        Self { processor, spans }
    }
}

impl<P: SpanProcessor> SpanProcessor for Bounded<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.processor.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.spans.enter() {
            self.processor.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.processor.set_resource(resource);
    }
}

/// Counts the outcome of spans that are passed to the exporter `E`.
#[derive(Debug)]
pub(super) struct Counted<E> {
    exporter: E,
    spans: Arc<Spans>,
}

impl<E> Counted<E> {
    pub(super) const fn new(exporter: E, spans: Arc<Spans>) -> Self {
        Self { exporter, spans }
    }
}

impl<E: SpanExporter> SpanExporter for Counted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let outcome = self.exporter.export(batch).await;
        self.spans.leave(count, &outcome);
        outcome
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.exporter.shutdown()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
