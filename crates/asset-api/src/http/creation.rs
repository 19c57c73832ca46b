//! Requests that create a resource: under an `Idempotency-Key` a repeated request creates nothing.

use crate::http::error::ApiError;
use crate::http::fields::Fields;
use actix_web::HttpResponseBuilder;
use actix_web::http::StatusCode;
use runtime::Problem;
use runtime::http::{CallerKey, IdempotencyKey};
use runtime::openapi::{Answer, Operation};
use storage::commands::{self, KeyedRequest, RequestDigest};
use storage::creation_keys::Creation;
use uuid::Uuid;

/// The key of a request to create a resource at `path` from `body`, before any of its fields is taken;
/// `None` if it has none.
///
/// # Errors
/// Never in practice: every body can be serialized.
pub fn keyed(key: IdempotencyKey, path: &str, body: &Fields) -> Result<Option<KeyedRequest>, ApiError> {
    let Some(CallerKey { subject, key }) = key.0 else { return Ok(None) };
    let digest = RequestDigest::of(&[path.as_bytes(), b" ", &body.to_json()?].concat());
    Ok(Some(KeyedRequest { key: commands::IdempotencyKey::OfCaller { subject, key }, digest }))
}

/// Whether the resource was created: `Ok` with what was inserted, or `Err` with the id of the resource
/// that an earlier, identical request created.
///
/// # Errors
/// 422 `IDEMPOTENCY_KEY_REUSED`.
pub fn created<T>(creation: Creation<T>) -> Result<Result<T, Uuid>, ApiError> {
    match creation {
        Creation::Now(inserted) => Ok(Ok(inserted)),
        Creation::Before(id) => Ok(Err(id)),
        Creation::KeyReused => Err(key_reused().into()),
    }
}

/// Marks the response to a repeated request.
pub fn mark_replayed(response: &mut HttpResponseBuilder, is_replay: bool) {
    if is_replay {
        response.insert_header(("idempotent-replayed", "true"));
    }
}

/// Describes an operation that creates a resource, which is shown by `answer`; `path` describes its
/// `Location`.
pub fn once(operation: Operation, answer: Answer, path: &'static str) -> Operation {
    let answer = answer
        .header("Location", path)
        .header("Idempotent-Replayed", "`true` if an earlier request of the caller had this key.");
    operation.with([IdempotencyKey::parameter()]).answers(answer).refuses([key_reused()])
}

fn key_reused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "IDEMPOTENCY_KEY_REUSED",
        "The key was used for a different request",
    )
}
