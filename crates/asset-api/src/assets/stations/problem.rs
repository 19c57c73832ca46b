//! Refusals about stations as callers are told them.

use crate::http::error::version_mismatch;
use runtime::Problem;
use storage::assets::stations::Refusal;

/// There is no such station.
pub fn not_found() -> Problem {
    Problem::not_found("STATION_NOT_FOUND", "There is no such station")
}

/// An edit of a station.
pub fn of_edit(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::NotFound => not_found(),
        Refusal::OtherVersion { .. } => version_mismatch(refusal.to_string()),
        Refusal::NotEmpty => Problem::conflict("STATION_NOT_EMPTY", "The station still has piles"),
        Refusal::NotRetired => Problem::conflict("STATION_NOT_RETIRED", "The station is not retired"),
    }
}
