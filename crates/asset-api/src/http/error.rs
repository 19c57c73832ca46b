//! Errors of requests and their conversion to problems. Does not depend on any feature: each
//! implements [`IntoProblem`] for its own refusals.

use actix_web::http::StatusCode;
use runtime::Problem;
use runtime::coalescer::Lost;
use runtime::http::page::InvalidCursor;
use runtime::problem::{FieldError, InvalidFields};
use std::error::Error;
use std::sync::Arc;
use storage::StorageError;

/// A refusal of a feature that can be converted to a problem.
pub trait IntoProblem {
    /// The problem that the client receives.
    fn into_problem(self) -> Problem;
}

/// The reason why a request fails.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Fields of the request are invalid.
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    /// A feature refuses the request.
    #[error(transparent)]
    Refused(Problem),
    /// The response cannot be written as JSON, which is a bug.
    #[error("the response cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The database failed, possibly for several requests at once.
    #[error(transparent)]
    Storage(#[from] Arc<StorageError>),
    /// The read that served the request panicked.
    #[error(transparent)]
    Lost(#[from] Lost),
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        Self::Storage(Arc::new(error))
    }
}

impl IntoProblem for Problem {
    fn into_problem(self) -> Problem {
        self
    }
}

impl From<ApiError> for actix_web::Error {
    fn from(error: ApiError) -> Self {
        Problem::from(error).into()
    }
}

impl IntoProblem for InvalidCursor {
    fn into_problem(self) -> Problem {
        self.into()
    }
}

impl From<InvalidFields> for ApiError {
    fn from(invalid: InvalidFields) -> Self {
        Self::Invalid(invalid.0)
    }
}

impl<R: IntoProblem> From<R> for ApiError {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal.into_problem())
    }
}

/// 412 `VERSION_MISMATCH`, with the current version in `detail`.
pub fn version_mismatch(detail: String) -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "VERSION_MISMATCH",
        "The current version does not match If-Match",
    )
    .detail(detail)
}

/// 503 `DATABASE_UNAVAILABLE`.
pub fn database_unavailable() -> Problem {
    Problem::unavailable("DATABASE_UNAVAILABLE", "The database is not available", 1)
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Invalid(errors) => Self::invalid(errors),
            ApiError::Refused(problem) => problem,
            ApiError::Storage(error) if error.is_transient() => {
                let cause: &dyn Error = &*error;
                tracing::warn!(error = cause, "request answered with 503: the database is not available");
                database_unavailable()
            }
            ApiError::Storage(error) => Self::internal(&*error),
            ApiError::Json(error) => Self::internal(&error),
            ApiError::Lost(error) => Self::internal(&error),
        }
    }
}
