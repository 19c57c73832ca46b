//! `start-transaction`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use crate::http::fields::{both, one_connector, required_text};
use domain::ids::{ConnectorId, StartIdTag};
use runtime::problem::FieldError;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
#[schemars(rename = "StartTransaction")]
pub(crate) struct StartRequest {
    #[schemars(with = "StartIdTag")]
    id_tag: Option<String>,
    #[schemars(range(min = 1, max = ConnectorId::MAX))]
    connector_id: Option<i64>,
}

impl CommandRequest for StartRequest {
    fn parse(self) -> Result<Intent, Vec<FieldError>> {
        let id_tag = required_text("idTag", self.id_tag, StartIdTag::parse);
        let (id_tag, connector_id) = both(id_tag, self.connector_id.map(one_connector).transpose())?;
        Ok(Intent::StartTransaction { id_tag: id_tag.into(), connector_id })
    }
}
