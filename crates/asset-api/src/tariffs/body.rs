//! Parses the body of requests that create or edit a tariff.

use crate::http::bound::take_operator;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{form, one_of, text};
use domain::assets::OperatorBound;
use domain::tariffs::{ChangeRule, TariffDetails, TariffStatus};
use domain::text::Label;

/// Parses the details of a tariff, as a caller with `bound` may write them.
///
/// # Errors
/// [`ApiError::Invalid`] with all faults of the body.
pub fn read(mut body: Fields, bound: &OperatorBound) -> Result<TariffDetails, ApiError> {
    let name = body.required("name", text(Label::parse));
    let operator_id = take_operator(&mut body, bound);
    let currency = body.required("currency", form);
    let status = body.optional("status", one_of(&TariffStatus::ALL, TariffStatus::as_str));
    let change_rule = body.optional("changeRule", one_of(&ChangeRule::ALL, ChangeRule::as_str));
    Ok(body.finish(name.zip(currency).map(|(name, currency)| TariffDetails {
        name,
        operator_id,
        currency,
        status: status.unwrap_or_default(),
        change_rule: change_rule.unwrap_or_default(),
    }))?)
}
