//! The bodies of commands, parsed into what is meant by them.

use crate::intent::Intent;
use domain::command::ResetKind;
use domain::ids::{ConnectorId, IdTag, TransactionId};
use runtime::problem::FieldError;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A body that asks for a command.
pub(super) trait CommandRequest: DeserializeOwned + Default + 'static {
    /// What is asked for, or everything that is wrong with the fields.
    fn parse(self) -> Result<Intent, Vec<FieldError>>;
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(super) struct StartRequest {
    id_tag: Option<String>,
    connector_id: Option<i64>,
}

impl CommandRequest for StartRequest {
    fn parse(self) -> Result<Intent, Vec<FieldError>> {
        let id_tag = self.id_tag.ok_or_else(|| FieldError::new("idTag", "is required"));
        let id_tag = id_tag
            .and_then(|raw| IdTag::parse(&raw).map_err(|error| FieldError::new("idTag", error.to_string())));
        let (id_tag, connector_id) = both(id_tag, one_connector(self.connector_id))?;
        Ok(Intent::StartTransaction { id_tag, connector_id })
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(super) struct StopRequest {
    transaction_id: Option<NumberOrText>,
    connector_id: Option<i64>,
}

/// OCPP 1.6 has integers, some gateways names.
#[derive(Deserialize)]
#[serde(untagged, expecting = "must be an integer or a string")]
enum NumberOrText {
    Number(i64),
    Text(String),
}

impl CommandRequest for StopRequest {
    fn parse(self) -> Result<Intent, Vec<FieldError>> {
        let transaction_id = self.transaction_id.map(transaction).transpose();
        let (transaction_id, connector_id) = both(transaction_id, one_connector(self.connector_id))?;
        Ok(Intent::StopTransaction { transaction_id, connector_id })
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(super) struct ResetRequest {
    r#type: Option<ResetKind>,
}

impl CommandRequest for ResetRequest {
    fn parse(self) -> Result<Intent, Vec<FieldError>> {
        Ok(Intent::Reset { kind: self.r#type.unwrap_or_default() })
    }
}

/// One connector, not the pile as a whole.
fn one_connector(raw: Option<i64>) -> Result<Option<ConnectorId>, FieldError> {
    let parse = |raw| ConnectorId::parse(raw).ok().filter(|id| !id.is_whole());
    let complaint = || {
        let message = format!("must be between 1 and {}", ConnectorId::MAX);
        FieldError::new("connectorId", message)
    };
    raw.map(|raw| parse(raw).ok_or_else(complaint)).transpose()
}

fn transaction(raw: NumberOrText) -> Result<TransactionId, FieldError> {
    let text = match raw {
        NumberOrText::Number(number) => number.to_string(),
        NumberOrText::Text(text) => text,
    };
    let id =
        TransactionId::parse(&text).map_err(|error| FieldError::new("transactionId", error.to_string()))?;
    match id.as_integer() {
        Some(0) => Err(FieldError::new(
            "transactionId",
            "must not be 0, which gateways say when they do not know it",
        )),
        _ => Ok(id),
    }
}

/// Both, or the complaints about either.
fn both<A, B>(a: Result<A, FieldError>, b: Result<B, FieldError>) -> Result<(A, B), Vec<FieldError>> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err(a.err().into_iter().chain(b.err()).collect()),
    }
}
