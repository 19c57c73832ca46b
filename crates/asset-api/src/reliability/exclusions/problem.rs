//! Refusals about exclusions as problems.

use crate::assets::stations;
use crate::http::error::IntoProblem;
use runtime::Problem;
use storage::assets::piles::PileRefusal;
use storage::reliability::exclusions::{ExclusionRefusal, WithdrawalRefusal};

/// No exclusion has that id.
#[derive(Debug, Clone, Copy)]
pub struct ExclusionNotFound;

impl IntoProblem for ExclusionNotFound {
    fn into_problem(self) -> Problem {
        Problem::not_found("EXCLUSION_NOT_FOUND", "The exclusion does not exist")
    }
}

impl IntoProblem for ExclusionRefusal {
    fn into_problem(self) -> Problem {
        match self {
            Self::StationNotFound => stations::problem::not_found(),
            Self::PileNotFound => PileRefusal::NotFound.into_problem(),
        }
    }
}

impl IntoProblem for WithdrawalRefusal {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => ExclusionNotFound.into_problem(),
            Self::Withdrawn { .. } => Problem::conflict("EXCLUSION_WITHDRAWN", "The exclusion is withdrawn")
                .detail(self.to_string()),
        }
    }
}
