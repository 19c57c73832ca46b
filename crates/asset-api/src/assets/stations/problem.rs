//! Refusals about stations as problems.

use crate::http::error::{IntoProblem, version_mismatch};
use runtime::Problem;
use storage::assets::stations::StationRefusal;

/// 404 `STATION_NOT_FOUND`.
pub fn not_found() -> Problem {
    Problem::not_found("STATION_NOT_FOUND", "There is no such station")
}

impl IntoProblem for StationRefusal {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => not_found(),
            Self::OtherVersion { .. } => version_mismatch(self.to_string()),
            Self::NotEmpty => Problem::conflict("STATION_NOT_EMPTY", "The station still has piles"),
            Self::NotRetired => Problem::conflict("STATION_NOT_RETIRED", "The station is not retired"),
        }
    }
}
