//! `change-configuration`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use crate::http::fields::{both, required_text};
use domain::commands::{ConfigurationKey, ConfigurationValue};
use runtime::problem::FieldError;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
#[schemars(rename = "ChangeConfiguration")]
pub(crate) struct ChangeConfigurationRequest {
    /// The configuration key to change, at most 50 characters.
    #[schemars(with = "ConfigurationKey")]
    key: Option<String>,
    /// The new value, 0 to 500 characters, sent unchanged. It stays in the record of the command,
    /// so it must not be a secret.
    #[schemars(with = "ConfigurationValue")]
    value: Option<String>,
}

impl CommandRequest for ChangeConfigurationRequest {
    fn parse(self) -> Result<Intent, Vec<FieldError>> {
        let key = required_text("key", self.key, ConfigurationKey::parse);
        let value = required_text("value", self.value, ConfigurationValue::parse);
        let (key, value) = both(key, value)?;
        Ok(Intent::ChangeConfiguration { key, value })
    }
}
