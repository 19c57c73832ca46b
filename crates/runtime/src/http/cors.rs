//! CORS (Fetch standard): pages of the origins in the settings may call and read the responses.

use super::WebOrigin;
use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;

/// Request headers that a page may send in addition to the default ones.
const HEADERS: &str =
    "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, traceparent";
/// Response headers that a page may read in addition to the default ones.
const EXPOSED: &str = "deprecation, etag, idempotent-replayed, link, location, ratelimit, ratelimit-policy, \
                       retry-after, sunset, www-authenticate";
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
/// How long a browser may cache a preflight response, in seconds.
const MAX_AGE_S: &str = "600";

/// The allowed origins. Cheap to clone.
#[derive(Clone)]
pub(super) struct Cors(Arc<[WebOrigin]>);

impl Cors {
    pub(super) fn new(origins: &[WebOrigin]) -> Self {
        Self(origins.into())
    }

    /// The origin of the requesting page, if it is allowed.
    pub(super) fn admits(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let origin = request.get(header::ORIGIN)?;
        self.0.iter().any(|allowed| allowed.as_str().as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }

    /// Whether responses depend on the origin.
    pub(super) fn is_open_to_some(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Whether the request is a preflight.
pub(super) fn is_preflight(method: &Method, request: &HeaderMap) -> bool {
    *method == Method::OPTIONS && request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The response to a preflight from an allowed origin.
pub(super) fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S))
        .finish()
}

/// Lets a page of `origin` read the response.
pub(super) fn let_read(origin: HeaderValue, answer: &mut HeaderMap) {
    let allowed_headers: [(HeaderName, HeaderValue); 2] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED)),
    ];
    for (name, value) in allowed_headers {
        answer.insert(name, value);
    }
}

#[cfg(test)]
mod tests;
