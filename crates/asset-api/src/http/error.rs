//! What can go wrong with a request, and how that looks from outside.

use crate::assets::import::ImportError;
use crate::assets::{piles, stations};
use crate::tariffs::{self, prices};
use actix_web::http::StatusCode;
use domain::tariffs::{InvalidUsage, Unpriced, ocpi, tcec};
use runtime::Problem;
use runtime::problem::FieldError;
use std::error::Error;
use storage::StorageError;

/// A request that is not served.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Fields of it are wrong.
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    /// The cursor is none that this service gave out.
    #[error("the cursor is not valid")]
    InvalidCursor,
    /// The place in the feed is none that was given out.
    #[error("the place in the feed is not valid")]
    InvalidFeedPosition,
    /// What comes after the place in the feed was deleted.
    #[error("what comes after the place in the feed is not kept any more")]
    FeedPositionGone,
    /// As many clients follow the feed as may.
    #[error("too many clients follow the feed")]
    TooManyFollowers,
    /// A file is not imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The state of the station is against it.
    #[error(transparent)]
    Station(#[from] storage::assets::stations::Refusal),
    /// The state of the pile is against it.
    #[error(transparent)]
    Pile(#[from] storage::assets::piles::Refusal),
    /// The state of the tariff is against it.
    #[error(transparent)]
    Tariff(#[from] storage::tariffs::Refusal),
    /// The state of the tariff's versions is against it.
    #[error(transparent)]
    TariffDraft(#[from] storage::tariffs::versions::Refusal),
    /// There is no such version.
    #[error("the tariff has no such version")]
    TariffVersionNotFound,
    /// There is no such binding.
    #[error("there is no such binding")]
    TariffBindingNotFound,
    /// A tariff cannot be bound so.
    #[error(transparent)]
    TariffBinding(#[from] storage::tariffs::bindings::Refusal),
    /// A binding cannot be ended so.
    #[error(transparent)]
    TariffBindingEnd(#[from] storage::tariffs::bindings::EndRefusal),
    /// OCPI would not accept the names.
    #[error(transparent)]
    OcpiHeader(#[from] ocpi::InvalidHeader),
    /// OCPI cannot say it.
    #[error(transparent)]
    Ocpi(#[from] ocpi::Inexpressible),
    /// T/CEC 102 cannot say it.
    #[error(transparent)]
    Tcec(#[from] tcec::Inexpressible),
    /// There is no price.
    #[error(transparent)]
    Unpriced(#[from] Unpriced),
    /// The device of the session is in no pile.
    #[error("the device of the session is in no pile")]
    SessionWithoutPile,
    /// The readings of the session do not tell what it used.
    #[error(transparent)]
    SessionNotMetered(InvalidUsage),
    /// There is no such session.
    #[error("there is no such session")]
    SessionNotFound,
    /// There is no such dead letter.
    #[error("there is no such dead letter")]
    DeadLetterNotFound,
    /// The dead letter is a range of offsets that could not be read: there is no record to replay.
    #[error("the dead letter has no record")]
    DeadLetterNotReplayable,
    /// What is held cannot be written as JSON; a fault of the program.
    #[error("what is held cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// 412, with what it is at now.
pub fn version_mismatch(detail: String) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "VERSION_MISMATCH", "It was edited meanwhile")
        .detail(detail)
}

/// 503 while the database is away.
pub fn database_unavailable() -> Problem {
    Problem::unavailable("DATABASE_UNAVAILABLE", "The database is not available", 1)
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Invalid(errors) => Self::invalid(errors),
            ApiError::InvalidCursor => Self::bad_request("INVALID_CURSOR", "Cursor is not valid"),
            ApiError::InvalidFeedPosition => {
                Self::bad_request("INVALID_FEED_POSITION", "Place in the feed is not valid")
            }
            ApiError::FeedPositionGone => {
                Self::new(StatusCode::GONE, "FEED_POSITION_GONE", "What comes next is not kept any more")
            }
            ApiError::TooManyFollowers => {
                Self::unavailable("TOO_MANY_FOLLOWERS", "Too many clients follow the feed", 5)
            }
            ApiError::Import(error) => error.into(),
            ApiError::Station(refusal) => stations::problem::of_edit(refusal),
            ApiError::Pile(refusal) => piles::problem::of_edit(&refusal),
            ApiError::Tariff(refusal) => tariffs::problem::of_edit(refusal),
            ApiError::TariffDraft(refusal) => tariffs::problem::of_draft(refusal),
            ApiError::TariffVersionNotFound => tariffs::problem::version_not_found(),
            ApiError::TariffBindingNotFound => tariffs::problem::binding_not_found(),
            ApiError::TariffBinding(refusal) => tariffs::problem::of_binding(refusal),
            ApiError::TariffBindingEnd(refusal) => tariffs::problem::of_end(refusal),
            ApiError::OcpiHeader(invalid) => tariffs::problem::of_ocpi_header(invalid),
            ApiError::Ocpi(inexpressible) => tariffs::problem::of_ocpi(&inexpressible),
            ApiError::Tcec(inexpressible) => tariffs::problem::of_tcec(inexpressible),
            ApiError::Unpriced(unpriced) => prices::problem::of_unpriced(unpriced),
            ApiError::SessionWithoutPile => prices::problem::session_without_pile(),
            ApiError::SessionNotMetered(invalid) => prices::problem::session_not_metered(invalid),
            ApiError::SessionNotFound => Self::not_found("SESSION_NOT_FOUND", "There is no such session"),
            ApiError::DeadLetterNotFound => {
                Self::not_found("DEAD_LETTER_NOT_FOUND", "There is no such dead letter")
            }
            ApiError::DeadLetterNotReplayable => {
                Self::conflict("DEAD_LETTER_NOT_REPLAYABLE", "The dead letter has no record to replay")
            }
            ApiError::Storage(error) if error.is_transient() => {
                let cause: &dyn Error = &error;
                tracing::warn!(error = cause, "the database is not available");
                database_unavailable()
            }
            ApiError::Storage(error) => Self::internal(&error),
            ApiError::Json(error) => Self::internal(&error),
        }
    }
}
