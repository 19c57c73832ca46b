//! The row of a version.

use super::{Publication, Version};
use crate::StorageError;
use crate::schema::tariff_versions;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use domain::assets::EditStamp;
use domain::ids::{Actor, TariffId};
use domain::tariffs::Proposal;
use serde_json::Value;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = tariff_versions, check_for_backend(Pg))]
pub(super) struct Row {
    tariff_id: Uuid,
    number: i32,
    price_list: Value,
    revision: i64,
    created_at: DateTime<Utc>,
    created_by: String,
    updated_at: DateTime<Utc>,
    updated_by: String,
    effective_from: Option<DateTime<Utc>>,
    published_at: Option<DateTime<Utc>>,
    published_by: Option<String>,
    activated_at: Option<DateTime<Utc>>,
    proposed_revision: Option<i64>,
    proposed_from: Option<DateTime<Utc>>,
    proposed_at: Option<DateTime<Utc>>,
    proposed_by: Option<String>,
}

pub(super) fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("tariff_versions", what)
}

/// The number of a version, from its column.
pub(crate) fn number(column: i32) -> Result<u32, StorageError> {
    u32::try_from(column).map_err(broken)
}

fn stamp(at: DateTime<Utc>, by: &str) -> Result<EditStamp, StorageError> {
    Ok(EditStamp { at, by: Actor::parse(by).map_err(broken)? })
}

impl Row {
    /// The version; `superseded_from` is when the next one comes into force.
    pub(super) fn into_version(
        self,
        superseded_from: Option<DateTime<Utc>>,
    ) -> Result<Version, StorageError> {
        Ok(Version {
            tariff_id: TariffId(self.tariff_id),
            number: number(self.number)?,
            publication: self.publication(superseded_from)?,
            proposal: self.proposal()?,
            price_list: serde_json::from_value(self.price_list).map_err(broken)?,
            revision: self.revision,
            created: stamp(self.created_at, &self.created_by)?,
            updated: stamp(self.updated_at, &self.updated_by)?,
        })
    }

    fn proposal(&self) -> Result<Option<Proposal>, StorageError> {
        match (self.proposed_revision, self.proposed_at, &self.proposed_by) {
            (Some(revision), Some(at), Some(by)) => {
                let (effective_from, proposed) = (self.proposed_from, stamp(at, by)?);
                Ok(Some(Proposal { revision, effective_from, proposed }))
            }
            (None, None, None) => Ok(None),
            _ => Err(broken("a version with incomplete proposal columns")),
        }
    }

    fn publication(
        &self,
        superseded_from: Option<DateTime<Utc>>,
    ) -> Result<Option<Publication>, StorageError> {
        match (self.published_at, &self.published_by, self.effective_from) {
            (Some(at), Some(by), Some(effective_from)) => Ok(Some(Publication {
                published: stamp(at, by)?,
                effective_from,
                superseded_from,
                activated_at: self.activated_at,
            })),
            (None, None, None) => Ok(None),
            _ => Err(broken("a version with incomplete publication columns")),
        }
    }
}
