//! The reasons why there is no price, as problems.

use crate::http::error::IntoProblem;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::tariffs::{Considered, Outcome, Unpriced, UnquotableSession};
use runtime::Problem;
use runtime::problem::FieldError;

impl IntoProblem for Unpriced {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::NoTariff { considered, .. } => {
                let problem =
                    Problem::conflict("NO_TARIFF_APPLIES", "No tariff applies at that place and time")
                        .detail(detail);
                considered.iter().enumerate().fold(problem, |problem, (index, considered)| {
                    let FieldError { field, message } = explain(index, considered);
                    problem.field(field, message)
                })
            }
            Self::OutOfReach => {
                Problem::bad_request("TIME_OUT_OF_REACH", "The requested time is outside the priced period")
                    .detail(detail)
            }
            Self::MixedCurrencies { .. } => currencies_mixed().detail(detail),
        }
    }
}

/// 409 `CURRENCIES_MIXED`, for a session with prices in more than one currency.
pub fn currencies_mixed() -> Problem {
    Problem::conflict("CURRENCIES_MIXED", "The currency of the prices changes within the period")
}

/// Explains why a binding that was considered does not apply.
fn explain(index: usize, considered: &Considered) -> FieldError {
    let why = match considered.outcome {
        Outcome::Applies => "applies".to_owned(),
        Outcome::NotYet { effective_from } => format!("begins at {}", in_utc(effective_from)),
        Outcome::Over { effective_until } => format!("ended at {}", in_utc(effective_until)),
        Outcome::TariffUnknown => "refers to an unknown tariff".to_owned(),
        Outcome::TariffNotActive => "refers to a draft tariff".to_owned(),
        Outcome::NoVersionInForce => "refers to a tariff without a version in force yet".to_owned(),
        Outcome::Overridden { by } => format!("is overridden by binding {by}"),
    };
    let Considered { binding_id, level, tariff_id, .. } = considered;
    let message = format!("binding {binding_id} of tariff {tariff_id}, at level {}, {why}", level.as_str());
    FieldError::new(format!("considered[{index}]"), message)
}

fn in_utc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

impl IntoProblem for UnquotableSession {
    fn into_problem(self) -> Problem {
        match self {
            Self::WithoutPile => Problem::conflict(
                "SESSION_WITHOUT_PILE",
                "The session's charge point was in no pile when it began",
            ),
            Self::NotMetered(invalid) => {
                Problem::conflict("SESSION_NOT_METERED", "The session's readings do not give its energy")
                    .detail(invalid.to_string())
            }
            Self::Unpriced(unpriced) => unpriced.into_problem(),
        }
    }
}
