//! The devices of outages.

use super::MAX_LISTED;
use crate::database::operators;
use crate::schema::issue_devices;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::{count, count_star};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::ids::IssueId;

/// A device of an outage.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = issue_devices, check_for_backend(Pg))]
pub struct IssueDevice {
    /// The device.
    pub charge_point_id: String,
    /// Its pile when it joined.
    pub pile_id: Option<uuid::Uuid>,
    /// When it became part of the outage.
    pub joined_at: DateTime<Utc>,
    /// When it was online again, or an issue of its own; `None` while it is part of the outage.
    pub left_at: Option<DateTime<Utc>>,
}

/// How many devices an outage has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeviceCounts {
    /// Those that are, or were, part of it.
    pub all: i64,
    /// Those of them that are not part of it any more.
    pub left: i64,
}

/// How many devices within `bound` the outage `id` has.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn count_devices(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: IssueId,
) -> Result<DeviceCounts, StorageError> {
    let (all, left): (i64, i64) = issue_devices::table
        .filter(issue_devices::issue_id.eq(id.0))
        .filter(operators::issue_devices(bound))
        .select((count_star(), count(issue_devices::left_at)))
        .first(connection)
        .await?;
    Ok(DeviceCounts { all, left })
}

/// The devices within `bound` of the outage `id`, those that are still part of it first; at most
/// [`MAX_LISTED`].
///
/// # Errors
/// If PostgreSQL fails.
pub async fn first_devices(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: IssueId,
) -> Result<Vec<IssueDevice>, StorageError> {
    let devices = issue_devices::table
        .filter(issue_devices::issue_id.eq(id.0))
        .filter(operators::issue_devices(bound))
        .order((issue_devices::left_at.is_not_null(), issue_devices::charge_point_id))
        .limit(MAX_LISTED)
        .select(IssueDevice::as_select());
    Ok(devices.load(connection).await?)
}

/// Up to `limit` devices within `bound` of the outage `id`, in the order of their ids; with `current`,
/// only those that are still part of it, or only the others; with `after`, only those after this one.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_devices(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: IssueId,
    current: Option<bool>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<IssueDevice>, StorageError> {
    let mut devices = issue_devices::table
        .filter(issue_devices::issue_id.eq(id.0))
        .filter(operators::issue_devices(bound))
        .order(issue_devices::charge_point_id)
        .limit(limit)
        .select(IssueDevice::as_select())
        .into_boxed::<Pg>();
    devices = match current {
        Some(true) => devices.filter(issue_devices::left_at.is_null()),
        Some(false) => devices.filter(issue_devices::left_at.is_not_null()),
        None => devices,
    };
    if let Some(after) = after {
        devices = devices.filter(issue_devices::charge_point_id.gt(after));
    }
    Ok(devices.load(connection).await?)
}
