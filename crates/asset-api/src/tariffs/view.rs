//! A tariff in responses.

use chrono::{DateTime, Utc};
use domain::ids::TariffId;
use domain::tariffs::TariffDetails;
use schemars::JsonSchema;
use serde::Serialize;
use storage::tariffs::TariffRecord;

/// A tariff without its prices, which are its versions.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Tariff")]
pub struct TariffView<'a> {
    /// The id of the tariff, a version 7 UUID.
    id: TariffId,
    #[serde(flatten)]
    details: &'a TariffDetails,
    /// When the tariff was created, RFC 3339 in UTC.
    created_at: DateTime<Utc>,
    /// When the tariff was last edited, RFC 3339 in UTC; equal to `createdAt` until the first edit.
    updated_at: DateTime<Utc>,
    /// When the tariff was retired, RFC 3339 in UTC; null while it is not retired.
    retired_at: Option<DateTime<Utc>>,
    /// The revision of the tariff: 1 when it is created, plus one for each edit. The `ETag` is this
    /// number in quotes; it is not the number of a version of the prices.
    version: i64,
    /// Whether the publication of the draft was requested, and another caller can approve it; false if the draft
    /// was edited since the request.
    awaits_approval: bool,
}

impl<'a> TariffView<'a> {
    pub fn of(tariff: &'a TariffRecord) -> Self {
        Self {
            id: tariff.id,
            details: &tariff.details,
            created_at: tariff.revision.created_at,
            updated_at: tariff.revision.updated_at,
            retired_at: tariff.revision.retired_at,
            version: tariff.revision.version,
            awaits_approval: tariff.awaits_approval,
        }
    }
}
