//! Pages of other origins: those that are named in the settings may call, and read the answers (Fetch standard, CORS).

use super::WebOrigin;
use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;

/// What a page may send beside what every page may.
const HEADERS: &str = "authorization, content-type, idempotency-key, if-match, last-event-id, traceparent";
/// What a page may read of an answer beside what every page may.
const EXPOSED: &str =
    "etag, idempotent-replayed, location, ratelimit, ratelimit-policy, retry-after, www-authenticate";
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
/// How long a browser may remember that a page may call, in seconds.
const MAX_AGE_S: &str = "600";

/// The origins whose pages are let in. Cheap to clone.
#[derive(Clone)]
pub(super) struct Cors(Arc<[WebOrigin]>);

impl Cors {
    pub(super) fn new(origins: &[WebOrigin]) -> Self {
        Self(origins.into())
    }

    /// The origin of the page that asks, if it is let in.
    pub(super) fn admits(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let origin = request.get(header::ORIGIN)?;
        self.0.iter().any(|allowed| allowed.as_str().as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }

    /// Whether answers differ by who asks.
    pub(super) fn is_open_to_some(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Whether a browser asks if a page may call, before it lets the page do so.
pub(super) fn is_preflight(method: &Method, request: &HeaderMap) -> bool {
    *method == Method::OPTIONS && request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// It may.
pub(super) fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S))
        .finish()
}

/// Lets a page of `origin` read the answer.
pub(super) fn let_read(origin: HeaderValue, answer: &mut HeaderMap) {
    let said: [(HeaderName, HeaderValue); 2] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED)),
    ];
    for (name, value) in said {
        answer.insert(name, value);
    }
}
