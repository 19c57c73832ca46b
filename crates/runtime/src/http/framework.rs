//! The framework's own failures as problems.

use actix_web::{
    Error,
    body::BoxBody,
    dev::ServiceResponse,
    error::{JsonPayloadError, PathError, QueryPayloadError},
    http::{StatusCode, header},
    web,
};

use crate::Problem;

/// Makes the framework's extractors fail with problems.
pub(super) fn install(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PathConfig::default().error_handler(|error, _request| path_problem(&error).into()))
        .app_data(web::QueryConfig::default().error_handler(|error, _request| query_problem(&error).into()))
        .app_data(web::JsonConfig::default().error_handler(|error, _request| json_problem(&error).into()));
}

pub(super) fn path_problem(error: &PathError) -> Problem {
    let message = match error {
        PathError::Deserialize(error) => error.to_string(),
        _ => "cannot be read".to_owned(),
    };
    Problem::invalid(Vec::new()).field("path", message)
}

fn query_problem(error: &QueryPayloadError) -> Problem {
    let message = match error {
        QueryPayloadError::Deserialize(error) => error.to_string(),
        _ => "cannot be read".to_owned(),
    };
    Problem::invalid(Vec::new()).field("query", message)
}

fn json_problem(error: &JsonPayloadError) -> Problem {
    match error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => too_large(),
        JsonPayloadError::ContentType => unsupported_media_type(),
        JsonPayloadError::Deserialize(error) => Problem::invalid(Vec::new()).field("body", error.to_string()),
        _ => Problem::invalid(Vec::new()).field("body", "cannot be read"),
    }
}

/// 413 for a body above the size limit.
#[must_use]
pub fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", "Request body is too large")
}

/// 408 for a body that was not received in time.
#[must_use]
pub fn too_slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "Request body was not received in time")
}

/// The problems that every operation with a body can return, whatever the body contains.
pub(crate) fn body_problems() -> [Problem; 3] {
    [too_large(), too_slow(), unsupported_media_type()]
}

/// 415 for a body that is not JSON.
#[must_use]
pub fn unsupported_media_type() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_MEDIA_TYPE",
        "Content type is not supported",
    )
    .detail("send application/json")
}

/// A problem for a failed response that is not one yet: the router's 404 and 405, or a handler's
/// bare status.
pub(super) fn describe(response: &ServiceResponse<BoxBody>) -> Problem {
    if response.status().is_server_error()
        && let Some(error) = response.response().error()
    {
        tracing::error!(error = %error, "request failed; it is answered with a problem of the same status");
    }
    from_status(response.status()).allowing(response.headers().get(header::ALLOW).cloned())
}

/// A problem for an error that a middleware passed on.
pub(super) fn describe_error(error: &Error) -> Problem {
    let status = error.as_response_error().status_code();
    if status.is_server_error() {
        tracing::error!(error = %error, "request failed; it is answered with a problem of the same status");
    }
    from_status(status)
}

/// 404 of a path without a route.
pub(crate) fn not_found() -> Problem {
    Problem::not_found("NOT_FOUND", "No resource at this path")
}

/// 405 of a path whose routes have other methods.
pub(crate) fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        "Method is not allowed on this resource",
    )
}

fn from_status(status: StatusCode) -> Problem {
    match status {
        StatusCode::NOT_FOUND => not_found(),
        StatusCode::METHOD_NOT_ALLOWED => method_not_allowed(),
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => unsupported_media_type(),
        StatusCode::UNAUTHORIZED => Problem::unauthenticated(),
        StatusCode::FORBIDDEN => Problem::forbidden(),
        StatusCode::BAD_REQUEST => Problem::invalid(Vec::new()),
        status if status.is_client_error() => {
            let title = status.canonical_reason().unwrap_or("Request cannot be served");
            Problem::new(status, title.to_ascii_uppercase().replace([' ', '-'], "_").replace('\'', ""), title)
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            Problem::unavailable("UNAVAILABLE", "Not available at the moment", 1)
        }
        _ => Problem::bare_internal(),
    }
}
