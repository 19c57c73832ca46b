//! What every response says to those who keep or show it.

use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// Nobody keeps a response unless its handler said for how long, and nobody takes it for something else than it says it is.
/// Pages of other origins are let in where the settings name them, see [`super::cors`].
pub(super) fn protect(headers: &mut HeaderMap) {
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
