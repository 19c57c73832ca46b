//! Refusals about piles as callers are told them.

use crate::assets::stations;
use crate::http::error::version_mismatch;
use runtime::Problem;
use storage::assets::piles::Refusal;

/// An edit of a pile.
pub fn of_edit(refusal: &Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::NotFound => Problem::not_found("PILE_NOT_FOUND", "There is no such pile"),
        Refusal::StationNotFound => stations::problem::not_found(),
        Refusal::OtherVersion { .. } => version_mismatch(detail),
        Refusal::ChargePointTaken(_) => {
            Problem::conflict("CHARGE_POINT_ID_CONFLICT", "The charge point belongs to another pile")
                .detail(detail)
        }
        Refusal::OpenSession => Problem::conflict("PILE_HAS_OPEN_SESSION", "The pile has an open session"),
        Refusal::NotRetired => Problem::conflict("PILE_NOT_RETIRED", "The pile is not retired"),
        Refusal::StationRetired => {
            Problem::conflict("STATION_RETIRED", "The station is retired: restore it first")
        }
    }
}
