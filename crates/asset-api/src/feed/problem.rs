//! Refusals of the feed as problems.

use crate::http::error::IntoProblem;
use actix_web::http::StatusCode;
use runtime::Problem;

/// The reason why a client cannot follow the feed.
#[derive(Debug, Clone, Copy)]
pub enum FeedRefusal {
    /// The feed never issued that position.
    InvalidPosition,
    /// The changes after that position were deleted.
    PositionGone,
    /// The changes up to that position may be lost, because an asynchronous standby took over.
    PositionLost,
    /// As many clients follow the feed as `feed.max_clients` allows.
    TooManyFollowers,
    /// As many clients of the same caller follow the feed as `feed.max_clients_per_caller` allows.
    TooManyFollowersOfCaller,
}

impl IntoProblem for FeedRefusal {
    fn into_problem(self) -> Problem {
        match self {
            Self::InvalidPosition => {
                Problem::bad_request("INVALID_FEED_POSITION", "Feed position is not valid")
            }
            Self::PositionGone => gone(),
            Self::PositionLost => gone().detail(
                "changes up to that position may be lost in a failover of PostgreSQL: read the state again, \
                 and follow without an id",
            ),
            Self::TooManyFollowersOfCaller => Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "TOO_MANY_FOLLOWERS_OF_CALLER",
                "Too many clients of this caller follow the feed",
            )
            .retry_after(5),
            Self::TooManyFollowers => {
                Problem::unavailable("TOO_MANY_FOLLOWERS", "Too many clients follow the feed", 5)
            }
        }
    }
}

fn gone() -> Problem {
    Problem::new(StatusCode::GONE, "FEED_POSITION_GONE", "Changes after that position were deleted")
}
