//! `stop-transaction`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use crate::http::fields::{both, one_connector};
use domain::ids::{ConnectorId, TransactionId};
use runtime::problem::FieldError;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
#[schemars(rename = "StopTransaction")]
pub(crate) struct StopRequest {
    /// The transaction to stop, as an integer or text; not 0 or -1. If null or absent, the open
    /// session at `connectorId` or else the only open session is stopped.
    #[schemars(extend("not" = { "enum": [0, "0"] }))]
    transaction_id: Option<NumberOrText>,
    /// The connector whose open session is stopped, 1 to 1000; null or absent: the session may be
    /// on any connector.
    #[schemars(range(min = 1, max = ConnectorId::MAX))]
    connector_id: Option<i64>,
}

/// Transaction ids are integers in OCPP 1.6; some gateways use names.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "must be an integer or a string")]
enum NumberOrText {
    Number(i64),
    #[schemars(with = "TransactionId")]
    Text(String),
}

impl CommandRequest for StopRequest {
    fn parse(self) -> Result<Intent, Vec<FieldError>> {
        let transaction_id = self.transaction_id.map(transaction).transpose();
        let connector_id = self.connector_id.map(one_connector).transpose();
        let (transaction_id, connector_id) = both(transaction_id, connector_id)?;
        Ok(Intent::StopTransaction { transaction_id, connector_id })
    }
}

fn transaction(raw: NumberOrText) -> Result<TransactionId, FieldError> {
    let text = match raw {
        NumberOrText::Number(number) => number.to_string(),
        NumberOrText::Text(text) => text,
    };
    let id =
        TransactionId::parse(&text).map_err(|error| FieldError::new("transactionId", error.to_string()))?;
    match id.as_integer() {
        Some(0 | -1) => Err(FieldError::new(
            "transactionId",
            "must not be 0 or -1, which gateways send for an unknown transaction",
        )),
        _ => Ok(id),
    }
}
