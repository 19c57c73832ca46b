//! `unlock-connector`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use crate::http::fields::{one_connector, required};
use domain::ids::ConnectorId;
use runtime::problem::FieldError;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
#[schemars(rename = "UnlockConnector")]
pub(crate) struct UnlockConnectorRequest {
    /// The connector to unlock, 1 to 1000.
    #[schemars(with = "u16", range(min = 1, max = ConnectorId::MAX))]
    connector_id: Option<i64>,
}

impl CommandRequest for UnlockConnectorRequest {
    fn parse(self) -> Result<Intent, Vec<FieldError>> {
        let connector_id = required("connectorId", self.connector_id, one_connector);
        let connector_id = connector_id.map_err(|error| vec![error])?;
        Ok(Intent::UnlockConnector { connector_id })
    }
}
