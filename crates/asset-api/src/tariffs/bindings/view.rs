//! A binding in responses.

use chrono::{DateTime, Utc};
use domain::ids::Actor;
use domain::tariffs::Binding;
use schemars::JsonSchema;
use serde::Serialize;
use storage::tariffs::bindings::BindingRecord;

/// A binding with the callers who created and ended it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Binding")]
pub struct BindingView<'a> {
    #[serde(flatten)]
    binding: &'a Binding,
    /// When the binding was created, RFC 3339 in UTC.
    created_at: DateTime<Utc>,
    /// The caller that created the binding: `sub` of its token, or `anonymous` without
    /// authentication.
    created_by: &'a Actor,
    /// When an end, or an earlier end, was last set; null if the end was never changed.
    ended_at: Option<DateTime<Utc>>,
    /// The caller that last gave the binding an end or an earlier one; null, as is `endedAt`, if
    /// none did.
    ended_by: Option<&'a Actor>,
}

impl<'a> BindingView<'a> {
    pub fn of(record: &'a BindingRecord) -> Self {
        Self {
            binding: &record.binding,
            created_at: record.made.at,
            created_by: &record.made.by,
            ended_at: record.ended.as_ref().map(|ended| ended.at),
            ended_by: record.ended.as_ref().map(|ended| &ended.by),
        }
    }
}
