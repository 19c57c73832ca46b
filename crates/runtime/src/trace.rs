//! The identity of the current trace, how it travels in W3C headers, and spans that are made for collectors only.

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

/// Beside it, what the systems that a trace has come through add for themselves.
pub const TRACESTATE: &str = "tracestate";

/// The longest `tracestate` that is passed on, in bytes: W3C wants as much.
const TRACESTATE_MAX: usize = 512;

/// The target of spans that nobody but a collector wants: they are not made where none is named, and are not in logs.
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

/// The span that `make` makes, where it is exported and belongs to a trace; else none. So work that nobody asked for, such as a
/// health check, makes no trace.
pub(crate) fn client(make: impl FnOnce() -> Span) -> Span {
    if is_exported() && !Span::current().is_none() { make() } else { Span::none() }
}

/// Says on `span` that what it is about has failed, with a word that there are few of.
pub fn fail(span: &Span, word: &'static str) {
    span.set_attribute("error.type", word);
    span.set_status(opentelemetry::trace::Status::error(""));
}

/// Something with headers by name. Names are asked for in lower case; values that are not text count as absent.
pub trait Headers {
    /// The value of the header, if it is there and is text.
    fn header(&self, name: &str) -> Option<&str>;
}

impl Headers for actix_web::http::header::HeaderMap {
    /// One that is there twice contradicts itself, and counts as absent.
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
/// Use it as a parent (`set_parent`) or, for one of many messages in a batch, as a link (`add_link`) of a
/// [`tracing::Span`].
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

/// The headers that lead a trace on, as they come and go with a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceHeaders {
    /// `traceparent`.
    pub traceparent: Option<String>,
    /// `tracestate`, which says nothing without the other.
    pub tracestate: Option<String>,
}

impl TraceHeaders {
    /// Those among `headers`, as they are.
    #[must_use]
    pub fn of(headers: &impl Headers) -> Self {
        let state = headers.header(TRACESTATE).filter(|state| state.len() <= TRACESTATE_MAX);
        Self {
            traceparent: headers.header(TRACEPARENT).map(str::to_owned),
            tracestate: state.map(str::to_owned),
        }
    }

    /// Those that make the current span a parent; none outside any trace.
    #[must_use]
    pub fn current() -> Self {
        let state = current().map(|span| span.trace_state().header());
        Self {
            traceparent: current_traceparent(),
            tracestate: state.filter(|state| !state.is_empty() && state.len() <= TRACESTATE_MAX),
        }
    }

    /// Puts them among the headers of a message, in the place of those that are there.
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
        // The W3C propagator asks for names and never lists them.
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn record_headers_carry_a_span_across() {
        let headers = BTreeMap::from([(TRACEPARENT.to_owned(), TRACE.as_bytes().to_vec())]);
        let span = extract_span(&headers).unwrap();
        assert_eq!(span.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(span.span_id().to_string(), "b7ad6b7169203331");
    }

    #[test]
    fn nonsense_is_no_span() {
        for value in ["", "00-00-00-00", "\u{0}"] {
            let headers = BTreeMap::from([(TRACEPARENT.to_owned(), value.as_bytes().to_vec())]);
            assert_eq!(extract_span(&headers), None);
        }
        assert_eq!(extract_span(&BTreeMap::from([(TRACEPARENT.to_owned(), vec![0xff])])), None);
        assert_eq!(extract_span(&BTreeMap::new()), None);
    }

    #[test]
    fn outside_a_trace_there_is_nothing_to_pass_on() {
        assert_eq!(current_traceparent(), None);
        assert_eq!(current_trace_id(), None);
        assert_eq!(TraceHeaders::current(), TraceHeaders::default());
    }

    #[test]
    fn headers_are_passed_on_and_a_state_without_end_is_not() {
        let mut headers = BTreeMap::new();
        let trace = TraceHeaders { traceparent: Some(TRACE.to_owned()), tracestate: Some("a=1".to_owned()) };
        trace.put(&mut headers);
        assert_eq!(TraceHeaders::of(&headers), trace);
        headers.insert(TRACESTATE.to_owned(), vec![b'a'; TRACESTATE_MAX + 1]);
        assert_eq!(TraceHeaders::of(&headers).tracestate, None);
    }

    #[test]
    fn a_header_that_is_there_twice_is_no_span() {
        use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
        let (name, value) = (HeaderName::from_static(TRACEPARENT), HeaderValue::from_static(TRACE));
        let mut headers = HeaderMap::new();
        headers.append(name.clone(), value.clone());
        assert!(extract_span(&headers).is_some());
        headers.append(name, value);
        assert_eq!(extract_span(&headers), None);
    }
}
