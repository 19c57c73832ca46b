//! Entries about things other than stations, piles, tariffs and sessions: they have no version of
//! their own that each change increments.

use crate::schema::asset_edits;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::assets::EditStamp;
use domain::ids::{BindingId, ExclusionId, TariffId};
use serde_json::Value;
use uuid::Uuid;

use super::{AssetEdit, AuditAction, ThingType};

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing {
    /// A version of this tariff, or its draft.
    TariffVersion(TariffId),
    /// A binding of a tariff.
    TariffBinding(BindingId),
    /// Downtime that does not count.
    ReliabilityExclusion(ExclusionId),
    /// An import of a file.
    Import(Uuid),
}

impl Thing {
    const fn parts(self) -> (ThingType, Uuid) {
        match self {
            Self::TariffVersion(TariffId(id)) => (ThingType::TariffVersion, id),
            Self::TariffBinding(BindingId(id)) => (ThingType::TariffBinding, id),
            Self::ReliabilityExclusion(ExclusionId(id)) => (ThingType::ReliabilityExclusion, id),
            Self::Import(id) => (ThingType::Import, id),
        }
    }
}

/// Records that the caller of `stamp` applied `action` to `thing`; `states` are those before and after
/// it, each `None` if there is none.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn append_entry(
    tx: &mut Connection,
    thing: Thing,
    action: AuditAction,
    stamp: &EditStamp,
    (before, after): (Option<Value>, Option<Value>),
) -> Result<(), StorageError> {
    let (thing_type, thing_id) = thing.parts();
    let entry = AssetEdit {
        version: 1,
        action: action.as_str().to_owned(),
        edited_at: stamp.at,
        edited_by: stamp.by.to_string(),
        before,
        after,
        reason: None,
    };
    let about = (asset_edits::thing_type.eq(thing_type.as_str()), asset_edits::thing_id.eq(thing_id));
    diesel::insert_into(asset_edits::table)
        .values((asset_edits::asset_id.eq(Uuid::now_v7()), entry, about))
        .execute(tx)
        .await?;
    Ok(())
}

/// Records that the caller of `stamp` imported a file, whose report is `report`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn append_import(
    connection: &mut Connection,
    id: Uuid,
    stamp: &EditStamp,
    report: Value,
) -> Result<(), StorageError> {
    append_entry(connection, Thing::Import(id), AuditAction::Imported, stamp, (None, Some(report))).await
}
