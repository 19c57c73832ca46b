//! A maintenance window in responses.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use storage::issues::maintenance::MaintenanceWindow;
use uuid::Uuid;

/// A time in which no issue opens at a station or a pile.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MaintenanceWindow")]
pub struct WindowView<'a> {
    /// The id of the window, a version 7 UUID.
    id: Uuid,
    /// The station.
    station_id: Uuid,
    /// The pile; null for all piles of the station.
    pile_id: Option<Uuid>,
    /// The beginning, RFC 3339 in UTC.
    begins_at: DateTime<Utc>,
    /// The end, exclusive, RFC 3339 in UTC.
    ends_at: DateTime<Utc>,
    /// Why the station or the pile is maintained.
    reason: &'a str,
    /// When it was recorded, RFC 3339 in UTC.
    created_at: DateTime<Utc>,
    /// The caller that recorded it: `sub` of its token, or `anonymous` without authentication.
    created_by: &'a str,
    /// The caller that ended it early; null if none did.
    ended_by: Option<&'a str>,
}

impl<'a> WindowView<'a> {
    pub fn of(window: &'a MaintenanceWindow) -> Self {
        Self {
            id: window.id,
            station_id: window.station_id,
            pile_id: window.pile_id,
            begins_at: window.begins_at,
            ends_at: window.ends_at,
            reason: &window.reason,
            created_at: window.created_at,
            created_by: &window.created_by,
            ended_by: window.ended_by.as_deref(),
        }
    }
}
