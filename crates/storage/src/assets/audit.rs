//! The audit trail: every edit of a station, a pile or a tariff, with its details before and after,
//! its author and its time, and entries about other things. Written in the transaction of the change.

mod entries;
mod trail;

pub use entries::append_import;
pub(crate) use entries::{Thing, append_entry};
pub use trail::{AuditAction, ThingType, TrailEntry, TrailFilter, TrailPosition, list as list_trail};

use crate::database::bulk::{self, Bulk, Rows};
use crate::database::operators;
pub use crate::database::operators::Edited;
use crate::database::pruning::{Pruned, Slice};
use crate::schema::asset_edits;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Int8, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::{EditStamp, OperatorBound, Revision};
use domain::feed::AssetAction;
use domain::ids::{Actor, SessionId};
use domain::sessions::session::ChargingSession;
use domain::text::Label;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// One edit of one asset.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = asset_edits, check_for_backend(Pg))]
pub struct AssetEdit {
    /// The version that the edit created.
    pub version: i64,
    /// A word of [`AuditAction`].
    pub action: String,
    /// When the edit was made.
    pub edited_at: DateTime<Utc>,
    /// The subject of the caller that made the edit.
    pub edited_by: String,
    /// The asset's details before the edit; `None` if it did not exist or was retired.
    pub before: Option<Value>,
    /// The asset's details after the edit; `None` if it was retired.
    pub after: Option<Value>,
    /// The reason that the caller stated; `None` for edits that ask for none.
    pub reason: Option<String>,
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("asset_edits", what)
}

/// Records that `by` applied `action` to an asset, which is locked; `details` are those before and
/// after the edit, and `reason` is the one that the caller stated, if any.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn append<D: Serialize + Sync>(
    tx: &mut Connection,
    asset: Uuid,
    revision: Revision,
    action: AssetAction,
    by: &Actor,
    details: (Option<&D>, Option<&D>),
    reason: Option<&Label>,
) -> Result<(), StorageError> {
    let json = |value: Option<&D>| value.map(serde_json::to_value).transpose().map_err(broken);
    let edit = AssetEdit {
        version: revision.version,
        action: action.as_str().to_owned(),
        edited_at: revision.updated_at,
        edited_by: by.to_string(),
        before: json(details.0)?,
        after: json(details.1)?,
        reason: reason.map(ToString::to_string),
    };
    insert(tx, asset, edit).await
}

async fn insert(tx: &mut Connection, asset: Uuid, edit: AssetEdit) -> Result<(), StorageError> {
    let values = (asset_edits::asset_id.eq(asset), edit);
    diesel::insert_into(asset_edits::table).values(values).execute(tx).await?;
    Ok(())
}

/// Records that an operator ended a session, with its state before. The device is locked.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn append_end_of_session(
    tx: &mut Connection,
    session: &ChargingSession,
    stamp: &EditStamp,
    reason: &Label,
) -> Result<(), StorageError> {
    let edits = asset_edits::table.filter(asset_edits::asset_id.eq(session.id.0));
    let last: Option<i64> = edits.select(max(asset_edits::version)).first(tx).await?;
    let edit = AssetEdit {
        version: last.unwrap_or(0) + 1,
        action: AuditAction::Ended.as_str().to_owned(),
        edited_at: stamp.at,
        edited_by: stamp.by.to_string(),
        before: Some(serde_json::json!({ "state": "open" })),
        after: Some(serde_json::json!({ "state": "ended" })),
        reason: Some(reason.to_string()),
    };
    insert(tx, session.id.0, edit).await
}

/// Records that `by` applied `action` to assets, which are locked. Each edit has the asset's id,
/// its new revision, its details before, unless it did not exist or was retired, and its details
/// after.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn append_many<'a, D: Serialize + 'a>(
    tx: &mut Connection,
    action: AssetAction,
    by: &Actor,
    edits: impl Iterator<Item = (Uuid, Revision, Option<&'a D>, &'a D)>,
) -> Result<(), StorageError> {
    let mut columns = Edits::default();
    for (asset, revision, before, after) in edits {
        columns.asset_id.push(asset);
        columns.version.push(revision.version);
        columns.action.push(action.as_str());
        columns.edited_at.push(revision.updated_at);
        columns.edited_by.push(by.as_str());
        columns.before.push(before.map(serde_json::to_value).transpose().map_err(broken)?);
        columns.after.push(serde_json::to_value(after).map_err(broken)?);
    }
    if !columns.asset_id.is_empty() {
        Bulk(columns).execute(tx).await?;
    }
    Ok(())
}

/// Edits as columns.
#[derive(Default)]
struct Edits<'a> {
    asset_id: Vec<Uuid>,
    version: Vec<i64>,
    action: Vec<&'static str>,
    edited_at: Vec<DateTime<Utc>>,
    edited_by: Vec<&'a str>,
    before: Vec<Option<Value>>,
    after: Vec<Value>,
}

impl Rows for Edits<'_> {
    type Statement = Edits<'static>;
    const SQL: &'static str = "insert into asset_edits
           (asset_id, version, action, edited_at, edited_by, before, after)
         select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::jsonb[],
           $7::jsonb[])";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<SqlUuid, _>(&self.asset_id)?;
        columns.push::<Int8, _>(&self.version)?;
        columns.push::<Text, _>(&self.action)?;
        columns.push::<Timestamptz, _>(&self.edited_at)?;
        columns.push::<Text, _>(&self.edited_by)?;
        columns.push::<Nullable<Jsonb>, _>(&self.before)?;
        columns.push::<Jsonb, _>(&self.after)
    }
}

/// Up to `limit` edits of an asset, retired or not, in descending order of version; with `before`,
/// only those of lower versions. The asset must be within `bound`; its edits while it belonged to an
/// operator outside of it are left out.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    kind: Edited,
    asset: Uuid,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<AssetEdit>, StorageError> {
    let edits = asset_edits::table
        .filter(asset_edits::asset_id.eq(asset))
        .filter(operators::edits(bound, kind))
        .filter(asset_edits::version.lt(before.unwrap_or(i64::MAX)))
        .order(asset_edits::version.desc())
        .limit(limit)
        .select(AssetEdit::as_select());
    Ok(edits.load(connection).await?)
}

/// The callers that ended sessions, by session; sessions that no caller ended are left out.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn enders_of(
    connection: &mut Connection,
    sessions: impl IntoIterator<Item = SessionId>,
) -> Result<HashMap<SessionId, String>, StorageError> {
    let ended: Vec<(Uuid, String)> = asset_edits::table
        .filter(asset_edits::asset_id.eq_any(sessions.into_iter().map(|id| id.0)))
        .filter(asset_edits::action.eq(AuditAction::Ended.as_str()))
        .order(asset_edits::version)
        .select((asset_edits::asset_id, asset_edits::edited_by))
        .load(connection)
        .await?;
    // The last end of a session replaces earlier ones.
    Ok(ended.into_iter().map(|(id, by)| (SessionId(id), by)).collect())
}

/// Deletes edits that were made before the age of `slice`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select asset_id, version, edited_at from asset_edits
          where edited_at < now() - make_interval(secs => $1) and edited_at >= coalesce($2, '-infinity')
          order by edited_at limit $3 for update skip locked),
        gone as (
          delete from asset_edits using old
          where asset_edits.asset_id = old.asset_id and asset_edits.version = old.version returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(edited_at) as up_to from old";
    slice.run(connection, statement).await
}
