//! Refusals about issues and maintenance windows as problems.

use crate::http::error::IntoProblem;
use runtime::Problem;
use storage::issues::IssueRefusal;
use storage::issues::maintenance::WindowRefusal;

impl IntoProblem for IssueRefusal {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::NotFound => Problem::not_found("ISSUE_NOT_FOUND", "There is no such issue"),
            Self::Closed { .. } => Problem::conflict("ISSUE_CLOSED", "The issue is closed").detail(detail),
        }
    }
}

impl IntoProblem for WindowRefusal {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::NotFound => {
                Problem::not_found("MAINTENANCE_WINDOW_NOT_FOUND", "There is no such maintenance window")
            }
            Self::PlaceNotFound => {
                Problem::not_found("MAINTENANCE_PLACE_NOT_FOUND", "There is no such station or pile")
            }
            Self::Ended { .. } => {
                Problem::conflict("MAINTENANCE_WINDOW_ENDED", "The maintenance window has ended")
                    .detail(detail)
            }
        }
    }
}
