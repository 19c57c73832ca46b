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
    /// The token of the driver for whom the charge starts, at most 20 characters.
    #[schemars(with = "StartIdTag")]
    id_tag: Option<String>,
    /// The connector at which the charge starts, 1 to 1000; if null or absent, the device chooses.
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
