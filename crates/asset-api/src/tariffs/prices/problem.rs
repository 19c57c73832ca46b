//! Why there is no price, as callers are told it.

use crate::http::error::IntoProblem;
use domain::tariffs::{Considered, InvalidUsage, Outcome, Unpriced};
use runtime::Problem;
use runtime::problem::FieldError;

impl IntoProblem for Unpriced {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::NoTariff { considered, .. } => {
                let problem =
                    Problem::conflict("NO_TARIFF_APPLIES", "No tariff applies there and then").detail(detail);
                considered.iter().enumerate().fold(problem, |problem, (index, considered)| {
                    let FieldError { field, message } = lost(index, considered);
                    problem.field(field, message)
                })
            }
            Self::OutOfReach => {
                Problem::bad_request("TIME_OUT_OF_REACH", "Prices are not told for that time").detail(detail)
            }
            Self::MixedCurrencies { .. } => currencies_mixed().detail(detail),
        }
    }
}

/// A session in more than one currency.
pub fn currencies_mixed() -> Problem {
    Problem::conflict("CURRENCIES_MIXED", "The currency of prices changes in that time")
}

fn lost(index: usize, considered: &Considered) -> FieldError {
    let why = match considered.outcome {
        Outcome::Applies => "applies",
        Outcome::NotYet => "has not begun",
        Outcome::Over => "is over",
        Outcome::TariffUnknown => "is of a tariff that is not known",
        Outcome::TariffNotActive => "is of a tariff that is a draft",
        Outcome::NoVersionInForce => "is of a tariff of which no version is in force yet",
        Outcome::Overridden { .. } => "is overridden",
    };
    let Considered { binding_id, level, tariff_id, .. } = considered;
    let message =
        format!("binding {binding_id} of tariff {tariff_id}, at the level {}, {why}", level.as_str());
    FieldError::new(format!("considered[{index}]"), message)
}

/// Why a recorded session has no quote.
#[derive(Debug, Clone, Copy)]
pub enum UnquotableSession {
    /// Its charge point is not assigned to a pile, so there is no place whose prices could apply.
    WithoutPile,
    /// Its readings do not say how much energy it used.
    NotMetered(InvalidUsage),
}

impl IntoProblem for UnquotableSession {
    fn into_problem(self) -> Problem {
        match self {
            Self::WithoutPile => Problem::conflict(
                "SESSION_WITHOUT_PILE",
                "The session's charge point is not assigned to a pile",
            ),
            Self::NotMetered(invalid) => {
                Problem::conflict("SESSION_NOT_METERED", "The session's readings do not give its energy")
                    .detail(invalid.to_string())
            }
        }
    }
}
