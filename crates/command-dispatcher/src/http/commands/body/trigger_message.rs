//! `trigger-message`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use crate::http::fields::{both, one_connector, required_word};
use domain::commands::TriggeredMessage;
use domain::ids::ConnectorId;
use runtime::problem::FieldError;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
#[schemars(rename = "TriggerMessage")]
pub(crate) struct TriggerMessageRequest {
    /// The OCPP 1.6 message that the device must send, in exactly this spelling.
    #[schemars(with = "TriggeredMessage")]
    requested_message: Option<String>,
    /// The connector that the message is about, 1 to 1000; null or absent: all connectors.
    #[schemars(range(min = 1, max = ConnectorId::MAX))]
    connector_id: Option<i64>,
}

impl CommandRequest for TriggerMessageRequest {
    fn parse(self) -> Result<Intent, Vec<FieldError>> {
        let requested = required_word("requestedMessage", self.requested_message);
        let (requested, connector_id) = both(requested, self.connector_id.map(one_connector).transpose())?;
        Ok(Intent::TriggerMessage { requested, connector_id })
    }
}
