//! How many spans may wait for the collector, and what becomes of each: it is exported, or counted as dropped.

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
    /// Something was dropped, and that was said.
    said: AtomicBool,
}

impl Spans {
    /// None yet; `limit` may wait.
    pub(super) fn new(limit: usize) -> Self {
        let meter = global::meter("traces");
        let exported = meter
            .u64_counter("traces.spans.exported")
            .with_description("Spans that the collector has taken")
            .build();
        let dropped = meter
            .u64_counter("traces.spans.dropped")
            .with_description("Spans that were not exported, by reason: queue_full, export_failed")
            .build();
        exported.add(0, &[]);
        for reason in ["queue_full", "export_failed"] {
            dropped.add(0, &[KeyValue::new("reason", reason)]);
        }
        Self { limit, pending: AtomicUsize::new(0), exported, dropped, said: AtomicBool::new(false) }
    }

    /// How many wait.
    pub(super) fn pending(&self) -> usize {
        self.pending.load(Acquire)
    }

    /// Takes a place in the queue; without one the span is dropped.
    fn enter(&self) -> bool {
        let entered =
            self.pending.fetch_update(AcqRel, Acquire, |count| (count < self.limit).then_some(count + 1));
        if entered.is_err() {
            self.drop(1, "queue_full", "too many wait");
        }
        entered.is_ok()
    }

    fn leave(&self, count: usize, outcome: &OTelSdkResult) {
        self.pending.fetch_sub(count, AcqRel);
        match outcome {
            Ok(()) => {
                self.exported.add(number(count), &[]);
                if self.said.swap(false, AcqRel) {
                    tracing::info!("spans are exported again");
                }
            }
            Err(error) => self.drop(count, "export_failed", &error.to_string()),
        }
    }

    /// Counts, and says it once until spans are exported again.
    fn drop(&self, count: usize, reason: &'static str, why: &str) {
        self.dropped.add(number(count), &[KeyValue::new("reason", reason)]);
        if !self.said.swap(true, AcqRel) {
            tracing::warn!(reason, why, "spans cannot be exported and are dropped");
        }
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Lets no more spans through to the processor `P` than there is room for, so that none is dropped unseen.
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

/// Counts what becomes of spans that are handed to the exporter `E`.
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
