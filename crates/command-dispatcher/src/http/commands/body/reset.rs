//! `reset`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use domain::commands::ResetKind;
use runtime::problem::FieldError;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
#[schemars(rename = "Reset")]
pub(crate) struct ResetRequest {
    /// How the device restarts; `Soft` if null or absent.
    r#type: Option<ResetKind>,
}

impl CommandRequest for ResetRequest {
    fn parse(self) -> Result<Intent, Vec<FieldError>> {
        Ok(Intent::Reset { kind: self.r#type.unwrap_or_default() })
    }
}
