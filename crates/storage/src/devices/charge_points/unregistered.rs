//! Devices that are heard through a gateway and assigned to no pile.

use crate::schema::{charge_points, piles};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// An unregistered device with its last known state.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = charge_points, check_for_backend(Pg))]
pub struct Unregistered {
    /// Id of the device.
    pub charge_point_id: String,
    /// Whether the device is connected to a gateway, according to the last event.
    pub online: bool,
    /// Confidence in `online`: `doubtful` or `unanswered`; `None` for `live`.
    pub confidence: Option<String>,
    /// The newest time of any event of the device.
    pub last_seen_at: DateTime<Utc>,
    /// When the newest sign of life was written, by PostgreSQL's clock; `None` if unknown.
    pub written_at: Option<DateTime<Utc>>,
    /// The partition of the device's last event; `None` if unknown.
    pub seen_partition: Option<i32>,
    /// The gateway of the device's last event; `None` if unknown.
    pub gateway_id: Option<String>,
    /// Model from the last `BootNotification`; `None` if unknown.
    pub model: Option<String>,
    /// Vendor from the last `BootNotification`; `None` if unknown.
    pub vendor: Option<String>,
    /// Serial number from the last `BootNotification`; `None` if unknown.
    pub serial_number: Option<String>,
    /// Firmware version from the last `BootNotification`; `None` if unknown.
    pub firmware_version: Option<String>,
    /// The time of the last `BootNotification`; `None` if there was none.
    pub booted_at: Option<DateTime<Utc>>,
}

/// Up to `limit` devices without a pile, in ascending order of id; with `after`, those with greater
/// ids; with `online`, only connected ones (`true`) or only the others (`false`).
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_unregistered(
    connection: &mut Connection,
    online: Option<bool>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Unregistered>, StorageError> {
    let claim = piles::charge_point_id.eq(charge_points::charge_point_id).and(piles::retired_at.is_null());
    let mut query = charge_points::table
        .filter(not(exists(piles::table.filter(claim))))
        .order(charge_points::charge_point_id)
        .limit(limit)
        .select(Unregistered::as_select())
        .into_boxed::<Pg>();
    if let Some(online) = online {
        query = query.filter(charge_points::online.eq(online));
    }
    if let Some(after) = after {
        query = query.filter(charge_points::charge_point_id.gt(after));
    }
    Ok(query.load(connection).await?)
}
