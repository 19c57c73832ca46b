use std::collections::BTreeMap;

use super::*;

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn extracts_a_span_from_record_headers() {
    let headers = BTreeMap::from([(TRACEPARENT.to_owned(), TRACE.as_bytes().to_vec())]);
    let span = extract_span(&headers).unwrap();
    assert_eq!(span.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span.span_id().to_string(), "b7ad6b7169203331");
}

#[test]
fn extracts_no_span_from_invalid_headers() {
    for value in ["", "00-00-00-00", "\u{0}"] {
        let headers = BTreeMap::from([(TRACEPARENT.to_owned(), value.as_bytes().to_vec())]);
        assert_eq!(extract_span(&headers), None);
    }
    assert_eq!(extract_span(&BTreeMap::from([(TRACEPARENT.to_owned(), vec![0xff])])), None);
    assert_eq!(extract_span(&BTreeMap::new()), None);
}

#[test]
fn returns_no_headers_outside_a_trace() {
    assert_eq!(current_traceparent(), None);
    assert_eq!(current_trace_id(), None);
    assert_eq!(TraceHeaders::current(), TraceHeaders::default());
}

#[test]
fn propagates_headers_except_an_overlong_state() {
    let mut headers = BTreeMap::new();
    let trace = TraceHeaders { traceparent: Some(TRACE.to_owned()), tracestate: Some("a=1".to_owned()) };
    trace.put(&mut headers);
    assert_eq!(TraceHeaders::of(&headers), trace);
    headers.insert(TRACESTATE.to_owned(), vec![b'a'; TRACESTATE_MAX + 1]);
    assert_eq!(TraceHeaders::of(&headers).tracestate, None);
}

#[test]
fn extracts_no_span_from_a_repeated_header() {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
    let (name, value) = (HeaderName::from_static(TRACEPARENT), HeaderValue::from_static(TRACE));
    let mut headers = HeaderMap::new();
    headers.append(name.clone(), value.clone());
    assert!(extract_span(&headers).is_some());
    headers.append(name, value);
    assert_eq!(extract_span(&headers), None);
}
