//! `start-transaction`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use crate::http::fields::one_connector;
use domain::ids::{ConnectorId, StartIdTag};
use runtime::http::fields::Fields;
use runtime::http::fields::parse::text;
use schemars::JsonSchema;
use serde::Serialize;

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
}

impl CommandRequest for StartRequest {
    fn read(body: &mut Fields) -> Option<Intent> {
        let id_tag = body.required("idTag", text(StartIdTag::parse));
        let connector_id = body.optional("connectorId", one_connector);
        Some(Intent::StartTransaction { id_tag: id_tag?.into(), connector_id })
    }
}
