//! Why there is no price, as callers are told it.

use domain::tariffs::{Considered, InvalidUsage, Outcome, Unpriced};
use runtime::Problem;
use runtime::problem::FieldError;

/// There is no price.
pub fn of_unpriced(unpriced: Unpriced) -> Problem {
    let detail = unpriced.to_string();
    match unpriced {
        Unpriced::NoTariff { considered, .. } => {
            let problem =
                Problem::conflict("NO_TARIFF_APPLIES", "No tariff applies there and then").detail(detail);
            considered.iter().enumerate().fold(problem, |problem, (index, considered)| {
                let FieldError { field, message } = lost(index, considered);
                problem.field(field, message)
            })
        }
        Unpriced::OutOfReach => {
            Problem::bad_request("TIME_OUT_OF_REACH", "Prices are not told for that time").detail(detail)
        }
        Unpriced::MixedCurrencies { .. } => currencies_mixed().detail(detail),
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

/// The device is in no pile, so nobody knows where the session was.
pub fn session_without_pile() -> Problem {
    Problem::conflict("SESSION_WITHOUT_PILE", "The device of the session is in no pile")
}

/// The readings of a session do not tell what it used.
pub fn session_not_metered(invalid: InvalidUsage) -> Problem {
    Problem::conflict("SESSION_NOT_METERED", "The readings of the session do not tell what it used")
        .detail(invalid.to_string())
}
