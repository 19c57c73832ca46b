//! `unlock-connector`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use crate::http::fields::one_connector;
use domain::ids::ConnectorId;
use runtime::http::fields::Fields;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "UnlockConnector")]
pub(crate) struct UnlockConnectorRequest {
    /// The connector to unlock, 1 to 1000.
    #[schemars(with = "u16", range(min = 1, max = ConnectorId::MAX))]
    connector_id: Option<i64>,
}

impl CommandRequest for UnlockConnectorRequest {
    fn read(body: &mut Fields) -> Option<Intent> {
        Some(Intent::UnlockConnector { connector_id: body.required("connectorId", one_connector)? })
    }
}
