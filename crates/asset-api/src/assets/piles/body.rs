//! Parses the body of requests that create or edit a pile.

use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{form, number, one_of, text, uuid};
use domain::assets::{CurrentType, PileDetails, RatedPower};
use domain::ids::{ChargePointId, StationId};
use domain::text::Label;
use schemars::JsonSchema;
use serde::Serialize;
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

/// Parses the new device of a pile, and the reason.
///
/// # Errors
/// [`ApiError::Invalid`] with all faults of the body.
pub fn replacement(mut body: Fields) -> Result<(ChargePointId, Label), ApiError> {
    let charge_point_id = body.required("chargePointId", text(ChargePointId::parse));
    let reason = body.required("reason", text(Label::parse));
    Ok(body.finish(charge_point_id.zip(reason))?)
}

/// Parses the new station of a pile, and the reason.
///
/// # Errors
/// [`ApiError::Invalid`] with all faults of the body.
pub fn relocation(mut body: Fields) -> Result<(StationId, Label), ApiError> {
    let station_id = body.required("stationId", uuid).map(StationId);
    let reason = body.required("reason", text(Label::parse));
    Ok(body.finish(station_id.zip(reason))?)
}

/// Another device for a pile.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ChargePointReplacement", extend("additionalProperties" = false))]
pub struct ReplacementBody {
    /// The device that is in the pile from now on.
    charge_point_id: ChargePointId,
    /// Why the device is replaced; part of the audit trail.
    reason: Label,
}

/// Another station for a pile.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PileRelocation", extend("additionalProperties" = false))]
pub struct RelocationBody {
    /// The station at which the pile is from now on.
    station_id: StationId,
    /// Why the pile moves; part of the audit trail.
    reason: Label,
}

fn rated_power(value: &Value) -> Result<RatedPower, String> {
    RatedPower::parse(number(value)?).map_err(|error| error.to_string())
}
