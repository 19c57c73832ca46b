//! Refusals about piles as problems.

use crate::assets::stations;
use crate::http::error::{IntoProblem, version_mismatch};
use runtime::Problem;
use storage::assets::piles::PileRefusal;

/// What an operator does about open sessions.
const HOW_TO_END: &str = "wait for the stops of the sessions in sessionIds, or end them with POST /api/v1/sessions/{sessionId}/end; \
                          POST /api/v1/piles/{pileId}/replace-charge-point replaces the charge point at once";

impl IntoProblem for PileRefusal {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::NotFound => Problem::not_found("PILE_NOT_FOUND", "There is no such pile"),
            Self::StationNotFound => stations::problem::not_found(),
            Self::OtherVersion { .. } => version_mismatch(detail),
            Self::ChargePointTaken(_) => {
                Problem::conflict("CHARGE_POINT_ID_CONFLICT", "The charge point id is in use").detail(detail)
            }
            Self::OpenSessions { ids } => {
                Problem::conflict("PILE_HAS_OPEN_SESSION", "The pile has an open session")
                    .detail(HOW_TO_END)
                    .open_sessions(ids.into_iter().map(|id| id.0))
            }
            Self::Unchanged => {
                Problem::conflict("PILE_UNCHANGED", "The pile has that charge point or station already")
            }
            Self::NotRetired => Problem::conflict("PILE_NOT_RETIRED", "The pile is not retired"),
            Self::StationRetired => {
                Problem::conflict("STATION_RETIRED", "The station is retired; restore it first")
            }
        }
    }
}
