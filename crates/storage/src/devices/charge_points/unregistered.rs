//! Devices that are heard through a gateway and that no pile has.

use crate::schema::{charge_points, piles};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// A device without a pile, as last heard.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = charge_points, check_for_backend(Pg))]
pub struct Unregistered {
    /// The device, by its serial number.
    pub charge_point_id: String,
    /// Whether it is connected to a gateway, as far as anyone said.
    pub online: bool,
    /// How far that can be trusted: `doubtful` or `unanswered`; `None` for `live`.
    pub confidence: Option<String>,
    /// Newest instant of any event of it.
    pub last_seen_at: DateTime<Utc>,
    /// When the newest sign of life was written, by PostgreSQL's clock, where known.
    pub written_at: Option<DateTime<Utc>>,
    /// The partition that last spoke of it.
    pub seen_partition: Option<i32>,
    /// The gateway that it was last heard through.
    pub gateway_id: Option<String>,
    /// Model, as it said when it booted.
    pub model: Option<String>,
    /// Vendor, as it said when it booted.
    pub vendor: Option<String>,
    /// Serial number, as it said when it booted.
    pub serial_number: Option<String>,
    /// Firmware version, as it said when it booted.
    pub firmware_version: Option<String>,
    /// When it said so.
    pub booted_at: Option<DateTime<Utc>>,
}

/// At most `limit` devices that no pile in sight has, in the order of their names; those after `after`, where given. Only those
/// that are connected, or only those that are not, where `online` says so.
///
/// # Errors
/// When Postgres fails.
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
