//! Parses the body of requests that create or edit a pile.

use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{form, number, one_of, text};
use domain::assets::{CurrentType, PileDetails, RatedPower};
use domain::ids::ChargePointId;
use domain::text::Label;
use serde_json::Value;

/// Parses the registered data of a pile.
///
/// # Errors
/// [`ApiError::Invalid`] with all faults of the body.
pub fn read(mut body: Fields) -> Result<PileDetails, ApiError> {
    let charge_point_id = body.required("chargePointId", text(ChargePointId::parse));
    let name = body.optional("name", text(Label::parse));
    let model = body.required("model", text(Label::parse));
    let vendor = body.optional("vendor", text(Label::parse));
    let serial_number = body.optional("serialNumber", text(Label::parse));
    let rated_power_kw = body.required("ratedPowerKw", rated_power);
    let current_type = body.optional("currentType", one_of(&CurrentType::ALL, CurrentType::as_str));
    let connectors = body.optional("connectors", form);
    let details = || {
        Some(PileDetails {
            charge_point_id: charge_point_id?,
            name,
            model: model?,
            vendor,
            serial_number,
            rated_power_kw: rated_power_kw?,
            current_type,
            connectors: connectors.unwrap_or_default(),
        })
    };
    Ok(body.finish(details())?)
}

fn rated_power(value: &Value) -> Result<RatedPower, String> {
    RatedPower::parse(number(value)?).map_err(|error| error.to_string())
}
