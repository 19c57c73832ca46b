//! `change-availability`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use crate::http::fields::any_connector;
use domain::commands::Availability;
use domain::ids::ConnectorId;
use runtime::http::fields::Fields;
use runtime::http::fields::parse::word;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ChangeAvailability")]
pub(crate) struct ChangeAvailabilityRequest {
    /// Whether the connector or device goes into service (`Operative`) or out of service
    /// (`Inoperative`).
    #[schemars(with = "Availability")]
    r#type: Option<String>,
    /// The connector, 1 to 1000; 0, null or absent: the whole device.
    #[schemars(range(min = 0, max = ConnectorId::MAX))]
    connector_id: Option<i64>,
}

impl CommandRequest for ChangeAvailabilityRequest {
    fn read(body: &mut Fields) -> Option<Intent> {
        let availability = body.required("type", word);
        let connector_id = body.optional("connectorId", any_connector).unwrap_or(ConnectorId::WHOLE);
        Some(Intent::ChangeAvailability { availability: availability?, connector_id })
    }
}
