//! How long what is asked for may be: path and query.

use actix_web::{dev::ServiceRequest, http::StatusCode};

use crate::Problem;

/// Bytes of path and query: room for the longest list of devices that the feed is asked for, and then some.
const MAX_BYTES: usize = 32 * 1024;
/// Bytes of a path that logs and answers repeat.
const SHOWN_BYTES: usize = 512;

/// Refuses what is too long, before anything of it is read.
pub(super) fn check(request: &ServiceRequest) -> Result<(), Problem> {
    let bytes = request.path().len() + request.query_string().len();
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    Err(too_long())
}

/// 414.
pub(crate) fn too_long() -> Problem {
    let detail = format!("path and query may have {MAX_BYTES} bytes together");
    Problem::new(StatusCode::URI_TOO_LONG, "URI_TOO_LONG", "Path and query are too long").detail(detail)
}

/// As much of a path as is repeated.
pub(super) fn shown(path: &str) -> &str {
    path.get(..path.floor_char_boundary(SHOWN_BYTES)).unwrap_or(path)
}
