//! The identity of the current trace, its propagation in W3C headers, and spans for collectors.

mod database;
mod messages;

pub use database::database_span;
pub use messages::{LINKS, answered, process, process_batch, send, sent};

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{SpanContext, TraceContextExt as _},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The W3C header (and Kafka record header) that carries the identity of a trace.
pub const TRACEPARENT: &str = "traceparent";

/// The W3C header that accompanies `traceparent` with the vendor-specific state of tracing systems.
pub const TRACESTATE: &str = "tracestate";

/// The longest `tracestate` that is propagated, in bytes; W3C requires this much.
const TRACESTATE_MAX: usize = 512;

/// The target of spans that only collectors use: they are not created without a collector, and do
/// not appear in logs.
pub const EXPORTED: &str = "otel";

static IS_EXPORTED: AtomicBool = AtomicBool::new(false);

/// Whether spans leave this process.
#[must_use]
pub fn is_exported() -> bool {
    IS_EXPORTED.load(Relaxed)
}

pub(crate) fn set_exported(exported: bool) {
    IS_EXPORTED.store(exported, Relaxed);
}

/// The span that `make` creates, if spans are exported and there is a current trace; else none. So
/// background work, such as a health check, creates no trace.
pub(crate) fn client(make: impl FnOnce() -> Span) -> Span {
    if is_exported() && !Span::current().is_none() { make() } else { Span::none() }
}

/// Marks `span` as failed, with an error type of low cardinality.
pub fn fail(span: &Span, word: &'static str) {
    span.set_attribute("error.type", word);
    span.set_status(opentelemetry::trace::Status::error(""));
}

/// A collection of headers. Names are passed in lower case; values that are not text count as
/// absent.
pub trait Headers {
    /// The value of the header, if it exists and is text.
    fn header(&self, name: &str) -> Option<&str>;
}

impl Headers for actix_web::http::header::HeaderMap {
    /// A header that occurs twice is ambiguous and counts as absent.
    fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.get_all(name);
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }
}

impl Headers for BTreeMap<String, Vec<u8>> {
    fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.get(name)?).ok()
    }
}

/// The remote span named by `traceparent` and `tracestate`; an empty context if there is none.
///
/// Use it as a parent (`set_parent`) or, for one of many messages in a batch, as a link
/// (`add_link`) of a [`tracing::Span`].
#[must_use]
pub fn extract(headers: &impl Headers) -> Context {
    TraceContextPropagator::new().extract_with_context(&Context::new(), &Lookup(headers))
}

/// The remote span's own identity, for linking; `None` if the headers carry none.
#[must_use]
pub fn extract_span(headers: &impl Headers) -> Option<SpanContext> {
    Some(extract(headers).span().span_context().clone()).filter(SpanContext::is_valid)
}

/// The current span as a `traceparent` value; `None` outside any trace.
#[must_use]
pub fn current_traceparent() -> Option<String> {
    let span = current()?;
    Some(format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8()))
}

/// The trace headers of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceHeaders {
    /// The value of `traceparent`.
    pub traceparent: Option<String>,
    /// The value of `tracestate`, which is meaningless without `traceparent`.
    pub tracestate: Option<String>,
}

impl TraceHeaders {
    /// The trace headers among `headers`, unchanged except that an overlong `tracestate` is
    /// dropped.
    #[must_use]
    pub fn of(headers: &impl Headers) -> Self {
        let state = headers.header(TRACESTATE).filter(|state| state.len() <= TRACESTATE_MAX);
        Self {
            traceparent: headers.header(TRACEPARENT).map(str::to_owned),
            tracestate: state.map(str::to_owned),
        }
    }

    /// Headers that make the current span the parent; none outside any trace.
    #[must_use]
    pub fn current() -> Self {
        let state = current().map(|span| span.trace_state().header());
        Self {
            traceparent: current_traceparent(),
            tracestate: state.filter(|state| !state.is_empty() && state.len() <= TRACESTATE_MAX),
        }
    }

    /// Writes them into the headers of a message, replacing existing ones.
    pub fn put(&self, headers: &mut BTreeMap<String, Vec<u8>>) {
        for (name, value) in [(TRACEPARENT, &self.traceparent), (TRACESTATE, &self.tracestate)] {
            if let Some(value) = value {
                headers.insert(name.to_owned(), value.clone().into_bytes());
            }
        }
    }
}

/// The current trace's id in hexadecimal; `None` outside any trace.
#[must_use]
pub fn current_trace_id() -> Option<String> {
    current().map(|span| span.trace_id().to_string())
}

fn current() -> Option<SpanContext> {
    Some(Span::current().context().span().span_context().clone()).filter(SpanContext::is_valid)
}

struct Lookup<'a, H>(&'a H);

impl<H: Headers> Extractor for Lookup<'_, H> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.header(key)
    }

    fn keys(&self) -> Vec<&str> {
        // The W3C propagator reads headers by name and never lists them.
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
