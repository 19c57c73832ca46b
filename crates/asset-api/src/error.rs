//! What can go wrong with a request, and how that looks from outside.

use crate::import::ImportError;
use actix_web::http::StatusCode;
use runtime::Problem;
use runtime::problem::FieldError;
use std::error::Error;
use storage::piles::Refusal as PileRefusal;
use storage::stations::Refusal as StationRefusal;
use storage::{StorageError, piles, stations};

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
    Station(#[from] stations::Refusal),
    /// The state of the pile is against it.
    #[error(transparent)]
    Pile(#[from] piles::Refusal),
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

/// 503 while the database is away.
pub fn database_unavailable() -> Problem {
    Problem::unavailable("DATABASE_UNAVAILABLE", "The database is not available", 1)
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        let detail = error.to_string();
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
            ApiError::Station(StationRefusal::NotFound) | ApiError::Pile(PileRefusal::StationNotFound) => {
                Self::not_found("STATION_NOT_FOUND", "There is no such station")
            }
            ApiError::Pile(PileRefusal::NotFound) => {
                Self::not_found("PILE_NOT_FOUND", "There is no such pile")
            }
            ApiError::Station(StationRefusal::OtherVersion { .. })
            | ApiError::Pile(PileRefusal::OtherVersion { .. }) => {
                Self::new(StatusCode::PRECONDITION_FAILED, "VERSION_MISMATCH", "It was edited meanwhile")
                    .detail(detail)
            }
            ApiError::Station(StationRefusal::NotEmpty) => {
                Self::conflict("STATION_NOT_EMPTY", "The station still has piles")
            }
            ApiError::Pile(PileRefusal::ChargePointTaken(_)) => {
                Self::conflict("CHARGE_POINT_ID_CONFLICT", "The charge point belongs to another pile")
                    .detail(detail)
            }
            ApiError::Pile(PileRefusal::OpenSession) => {
                Self::conflict("PILE_HAS_OPEN_SESSION", "The pile has an open session")
            }
            ApiError::Station(StationRefusal::NotRetired) => {
                Self::conflict("STATION_NOT_RETIRED", "The station is not retired")
            }
            ApiError::Pile(PileRefusal::NotRetired) => {
                Self::conflict("PILE_NOT_RETIRED", "The pile is not retired")
            }
            ApiError::Pile(PileRefusal::StationRetired) => {
                Self::conflict("STATION_RETIRED", "The station is retired: restore it first")
            }
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
