//! Every edit of a station or a pile: what was said of it before and after, by whom and when. Written with the edit itself.

use crate::schema::asset_edits;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::asset::Edition;
use domain::feed::AssetAction;
use domain::ids::Actor;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// One edit of one asset.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = asset_edits, check_for_backend(Pg))]
pub struct AssetEdit {
    /// The version that it led to.
    pub version: i64,
    /// What was done, as a word of [`AssetAction`].
    pub action: String,
    /// When.
    pub edited_at: DateTime<Utc>,
    /// By whom.
    pub edited_by: String,
    /// What was said of the asset before; `None` when it was not in sight.
    pub before: Option<Value>,
    /// What is said of it since; `None` when it is out of sight.
    pub after: Option<Value>,
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("asset_edits", what)
}

/// Writes down that `by` has done `action` to an asset, which is locked; `said` is what was said of it before and after.
///
/// # Errors
/// When Postgres fails.
pub(crate) async fn append<D: Serialize + Sync>(
    tx: &mut Connection,
    asset: Uuid,
    edition: Edition,
    action: AssetAction,
    by: &Actor,
    said: (Option<&D>, Option<&D>),
) -> Result<(), StorageError> {
    let json = |details: Option<&D>| details.map(serde_json::to_value).transpose().map_err(broken);
    diesel::insert_into(asset_edits::table)
        .values((
            asset_edits::asset_id.eq(asset),
            asset_edits::version.eq(edition.version),
            asset_edits::action.eq(action.as_str()),
            asset_edits::edited_at.eq(edition.updated_at),
            asset_edits::edited_by.eq(by.as_str()),
            asset_edits::before.eq(json(said.0)?),
            asset_edits::after.eq(json(said.1)?),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// At most `limit` edits of an asset, retired or not, the newest first; those that led to versions below `before`, where given.
///
/// # Errors
/// When Postgres fails.
pub async fn list(
    connection: &mut Connection,
    asset: Uuid,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<AssetEdit>, StorageError> {
    let edits = asset_edits::table
        .filter(asset_edits::asset_id.eq(asset))
        .filter(asset_edits::version.lt(before.unwrap_or(i64::MAX)))
        .order(asset_edits::version.desc())
        .limit(limit)
        .select(AssetEdit::as_select());
    Ok(edits.load(connection).await?)
}
