//! `stop-transaction`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use crate::http::fields::one_connector;
use domain::ids::{ConnectorId, SessionId, TransactionId};
use runtime::http::fields::Fields;
use runtime::http::fields::parse::uuid;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "StopTransaction", extend("not" = {
    "required": ["sessionId"],
    "properties": { "sessionId": { "type": "string" } },
    "anyOf": [
        { "required": ["transactionId"], "properties": { "transactionId": { "not": { "type": "null" } } } },
        { "required": ["connectorId"], "properties": { "connectorId": { "not": { "type": "null" } } } },
    ],
}))]
pub(crate) struct StopRequest {
    /// The transaction to stop, as an integer or text; not 0 or -1. If null or absent, the open
    /// session at `connectorId` or else the only open session is stopped.
    #[schemars(extend("not" = { "enum": [0, -1, "0", "-1"] }))]
    transaction_id: Option<NumberOrText>,
    /// The session to stop, instead of `transactionId` and `connectorId`. If its transaction id is not
    /// known yet, the stop waits for it.
    session_id: Option<SessionId>,
    /// The connector whose open session is stopped, 1 to 1000; null or absent: the session may be
    /// on any connector.
    #[schemars(range(min = 1, max = ConnectorId::MAX))]
    connector_id: Option<i64>,
}

/// Transaction ids are integers in OCPP 1.6; some gateways use names.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its form is used")]
enum NumberOrText {
    Number(i64),
    #[schemars(with = "TransactionId")]
    Text(String),
}

impl CommandRequest for StopRequest {
    fn read(body: &mut Fields) -> Option<Intent> {
        let transaction_id = body.optional("transactionId", transaction);
        let connector_id = body.optional("connectorId", one_connector);
        let session_id = body.optional("sessionId", uuid).map(SessionId);
        if session_id.is_some() && (transaction_id.is_some() || connector_id.is_some()) {
            body.refuse("sessionId", "must not be combined with transactionId or connectorId");
        }
        Some(Intent::StopTransaction { transaction_id, connector_id, session_id })
    }
}

fn transaction(value: &Value) -> Result<TransactionId, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        number if number.is_i64() => number.to_string(),
        _ => return Err("must be an integer or a string".to_owned()),
    };
    let id = TransactionId::parse(&text).map_err(|error| error.to_string())?;
    match id.as_integer() {
        Some(0 | -1) => Err("must not be 0 or -1, which gateways send for an unknown transaction".to_owned()),
        _ => Ok(id),
    }
}
