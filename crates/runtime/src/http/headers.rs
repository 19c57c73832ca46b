//! Headers that every response has.

use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// Forbids caching unless the handler allowed it, and MIME sniffing. For pages of other origins see
/// [`super::cors`].
pub(super) fn protect(headers: &mut HeaderMap) {
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
