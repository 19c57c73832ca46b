//! `change-availability`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use crate::http::fields::{any_connector, both, required_word};
use domain::commands::Availability;
use domain::ids::ConnectorId;
use runtime::problem::FieldError;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
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
    fn parse(self) -> Result<Intent, Vec<FieldError>> {
        let availability = required_word("type", self.r#type);
        let connector_id = self.connector_id.map_or(Ok(ConnectorId::WHOLE), any_connector);
        let (availability, connector_id) = both(availability, connector_id)?;
        Ok(Intent::ChangeAvailability { availability, connector_id })
    }
}
