//! Parses the body of requests that create or edit a tariff.

use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{form, one_of, text};
use domain::tariffs::{ChangeRule, TariffDetails, TariffStatus};
use domain::text::Label;

/// Parses the details of a tariff.
///
/// # Errors
/// [`ApiError::Invalid`] with all faults of the body.
pub fn read(mut body: Fields) -> Result<TariffDetails, ApiError> {
    let name = body.required("name", text(Label::parse));
    let operator_id = body.optional("operatorId", text(Label::parse));
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
