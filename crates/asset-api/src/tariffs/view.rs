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
    id: TariffId,
    #[serde(flatten)]
    details: &'a TariffDetails,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    retired_at: Option<DateTime<Utc>>,
    version: i64,
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
        }
    }
}
