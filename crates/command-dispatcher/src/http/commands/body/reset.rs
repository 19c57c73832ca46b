//! `reset`.

use super::CommandRequest;
use crate::dispatch::intent::Intent;
use domain::commands::ResetKind;
use runtime::http::fields::Fields;
use runtime::http::fields::parse::word;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Reset")]
pub(crate) struct ResetRequest {
    /// How the device restarts; `Soft` if null or absent.
    r#type: Option<ResetKind>,
}

impl CommandRequest for ResetRequest {
    fn read(body: &mut Fields) -> Option<Intent> {
        Some(Intent::Reset { kind: body.optional("type", word).unwrap_or_default() })
    }
}
