//! The identity of the current trace, and how it travels in W3C headers.

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

/// Something with headers by name. Names are asked for in lower case; values that are not text count as absent.
pub trait Headers {
    /// The value of the header, if it is there and is text.
    fn header(&self, name: &str) -> Option<&str>;
}

impl Headers for actix_web::http::header::HeaderMap {
    fn header(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str().ok()
    }
}

impl Headers for std::collections::BTreeMap<String, Vec<u8>> {
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
    }
}
