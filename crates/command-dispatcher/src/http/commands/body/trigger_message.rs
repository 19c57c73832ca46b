//! `trigger-message`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use crate::http::fields::one_connector;
use domain::commands::TriggeredMessage;
use domain::ids::ConnectorId;
use runtime::http::fields::Fields;
use runtime::http::fields::parse::word;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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
    fn read(body: &mut Fields) -> Option<Intent> {
        let requested = body.required("requestedMessage", word);
        let connector_id = body.optional("connectorId", one_connector);
        Some(Intent::TriggerMessage { requested: requested?, connector_id })
    }
}
