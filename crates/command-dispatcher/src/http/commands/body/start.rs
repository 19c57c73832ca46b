//! `start-transaction`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use crate::http::fields::one_connector;
use domain::ids::{ConnectorId, StartIdTag};
use domain::sessions::limits::SessionLimits;
use domain::tariffs::Price;
use runtime::http::fields::Fields;
use runtime::http::fields::parse::{text, whole};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "StartTransaction")]
pub(crate) struct StartRequest {
    /// The token of the driver for whom the charge starts, at most 20 characters.
    #[schemars(with = "StartIdTag")]
    id_tag: Option<String>,
    /// The connector at which the charge starts, 1 to 1000; if null or absent, the device chooses.
    #[schemars(range(min = 1, max = ConnectorId::MAX))]
    connector_id: Option<i64>,
    /// The platform stops the session at this energy, in Wh, 1 to 10,000,000; null or absent: no
    /// limit.
    #[schemars(range(min = 1, max = SessionLimits::MAX_ENERGY_WH))]
    max_energy_wh: Option<i64>,
    /// The platform stops the session after this time, in seconds, 1 to 604,800 (7 days); null or
    /// absent: no limit.
    #[schemars(range(min = 1, max = SessionLimits::MAX_DURATION_S))]
    max_duration_s: Option<i64>,
    /// The platform stops the session when the total of its quote is this amount, in the major unit
    /// of the tariff's currency, above zero, such as "30.00". A tariff must apply at the place.
    /// Null or absent: no limit.
    #[schemars(extend("not" = { "type": "string", "pattern": "^0+([.]0+)?$" }))]
    max_amount: Option<Price>,
}

/// Parses an amount of money above zero.
fn amount(value: &Value) -> Result<Price, String> {
    let amount = text(Price::parse)(value)?;
    if amount == Price::ZERO { Err("must be above zero".to_owned()) } else { Ok(amount) }
}

impl CommandRequest for StartRequest {
    fn read(body: &mut Fields) -> Option<Intent> {
        let id_tag = body.required("idTag", text(StartIdTag::parse));
        let connector_id = body.optional("connectorId", one_connector);
        let limits = SessionLimits {
            max_energy_wh: body.optional("maxEnergyWh", whole(1..=SessionLimits::MAX_ENERGY_WH)),
            max_duration_s: body.optional("maxDurationS", whole(1..=SessionLimits::MAX_DURATION_S)),
            max_amount: body.optional("maxAmount", amount),
            currency: None,
        };
        Some(Intent::StartTransaction { id_tag: id_tag?.into(), connector_id, limits })
    }
}
