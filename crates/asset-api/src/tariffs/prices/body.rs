//! Parses the usage of a session in requests for a quote.

use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{instant, number};
use crate::tariffs::prices::price_target;
use chrono::{DateTime, Utc};
use domain::ids::{ConnectorId, PileId, StationId};
use domain::tariffs::{Energy, InvalidUsage, Reading, Usage};
use runtime::problem::InvalidFields;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use storage::tariffs::PriceTarget;

/// A charging session to quote: its place, and its energy or the readings of its meter.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "QuoteRequest")]
pub struct QuoteRequest {
    /// The station, for the prices of the station as a whole; cannot be combined with `pileId`.
    station_id: Option<StationId>,
    /// The pile; required without `stationId`.
    pile_id: Option<PileId>,
    /// The connector of the pile; absent for the prices of the pile as a whole.
    connector_id: Option<ConnectorId>,
    /// The start of charging; required without `readings`.
    started_at: Option<DateTime<Utc>>,
    /// The end of charging; required without `readings`.
    ended_at: Option<DateTime<Utc>>,
    /// The energy that flowed evenly from start to end, in Wh; required without `readings`. The same
    /// number as a string is accepted, too.
    #[schemars(range(min = 0))]
    energy_wh: Option<f64>,
    /// The readings of the meter in order of time; the first is the start of charging, the last the
    /// end.
    #[schemars(length(min = 2))]
    readings: Option<Vec<ReadingSaid>>,
    /// When the connector was free again; absent when that is unknown.
    unplugged_at: Option<DateTime<Utc>>,
}

/// A reading of the meter at an instant.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Reading")]
struct ReadingSaid {
    /// When the meter was read, RFC 3339 with any offset; not earlier than the reading before.
    at: DateTime<Utc>,
    /// The energy register of the meter, in Wh. The same number as a string is accepted, too.
    #[schemars(range(min = 0))]
    energy_wh: f64,
}

/// Parses the place and the usage.
///
/// # Errors
/// [`ApiError::Invalid`] with all faults of the body.
pub fn read(mut body: Fields) -> Result<(PriceTarget, Usage), ApiError> {
    let target = price_target::in_body(&mut body);
    let metered = body.has("readings");
    let usage = if metered { readings(&mut body) } else { even(&mut body) };
    let unplugged_at = body.optional("unpluggedAt", instant);
    let usage = usage.and_then(|usage| match unplugged_at {
        Some(at) => usage.unplugged(at).map_err(|error| body.refuse("unpluggedAt", error.to_string())).ok(),
        None => Some(usage),
    });
    Ok(body.finish(target.zip(usage))?)
}

fn even(body: &mut Fields) -> Option<Usage> {
    let started_at = body.required("startedAt", instant);
    let ended_at = body.required("endedAt", instant);
    let energy = body.required("energyWh", energy);
    let usage = Usage::even(started_at?, ended_at?, energy?);
    usage.map_err(|error| body.refuse("endedAt", error.to_string())).ok()
}

fn readings(body: &mut Fields) -> Option<Usage> {
    let list =
        body.required("readings", |value| value.as_array().cloned().ok_or("must be a list".to_owned()))?;
    let mut readings = Vec::with_capacity(list.len());
    for (index, given) in list.into_iter().enumerate() {
        match reading(given) {
            Ok(reading) => readings.push(reading),
            Err(message) => {
                body.refuse(&format!("readings[{index}]"), message);
                return None;
            }
        }
    }
    let refused = |error: InvalidUsage| body.refuse("readings", error.to_string());
    Usage::metered(readings).map_err(refused).ok()
}

fn reading(given: Value) -> Result<Reading, String> {
    let Value::Object(fields) = given else { return Err("must be an object".to_owned()) };
    let mut fields = Fields::of(fields.into_iter().collect());
    let at = fields.required("at", instant);
    let register = fields.required("energyWh", energy);
    let read = fields.finish(at.zip(register));
    read.map(|(at, register)| Reading { at, register }).map_err(|InvalidFields(errors)| {
        let faults: Vec<_> =
            errors.into_iter().map(|error| format!("{} {}", error.field, error.message)).collect();
        faults.join("; ")
    })
}

/// Parses a number of Wh, or the same number as text, which quotes returned before.
fn energy(value: &Value) -> Result<Energy, String> {
    let energy = match value {
        Value::String(text) => Energy::parse(text),
        value => Energy::from_wh_float(number(value)?),
    };
    energy.map_err(|error| error.to_string())
}
