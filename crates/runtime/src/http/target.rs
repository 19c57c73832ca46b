//! The length limit of path and query.

use actix_web::{dev::ServiceRequest, http::StatusCode};

use crate::Problem;

/// Largest size of path and query in bytes: room for the longest list of devices that a client of
/// the feed may name.
const MAX_BYTES: usize = 32 * 1024;
/// Largest part of a path that logs and responses repeat, in bytes.
const SHOWN_BYTES: usize = 512;

/// Refuses a path and query above the limit, before they are parsed.
pub(super) fn check(request: &ServiceRequest) -> Result<(), Problem> {
    let bytes = request.path().len() + request.query_string().len();
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    Err(too_long())
}

/// 414 for a path and query above the limit.
pub(crate) fn too_long() -> Problem {
    let detail = format!("path and query may have at most {MAX_BYTES} bytes together");
    Problem::new(StatusCode::URI_TOO_LONG, "URI_TOO_LONG", "Path and query are too long").detail(detail)
}

/// The part of a path that logs and responses repeat.
pub(super) fn shown(path: &str) -> &str {
    path.get(..path.floor_char_boundary(SHOWN_BYTES)).unwrap_or(path)
}
