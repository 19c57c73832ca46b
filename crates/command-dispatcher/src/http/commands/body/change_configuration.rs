//! `change-configuration`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use domain::commands::{ConfigurationKey, ConfigurationValue};
use runtime::http::fields::Fields;
use runtime::http::fields::parse::text;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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
    fn read(body: &mut Fields) -> Option<Intent> {
        let key = body.required("key", text(ConfigurationKey::parse));
        let value = body.required("value", text(ConfigurationValue::parse));
        Some(Intent::ChangeConfiguration { key: key?, value: value? })
    }
}
