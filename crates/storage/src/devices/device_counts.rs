//! The number of devices, connectors and sessions, for the metrics.

use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Int4, Int8, Text};
use diesel_async::RunQueryDsl;
use std::collections::BTreeMap;

/// Counts at one instant. Devices count whether or not they are registered as piles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceCounts {
    /// Devices that are connected to a gateway.
    pub online: i64,
    /// Devices that were heard at least once and are not connected.
    pub offline: i64,
    /// Connectors of online devices, by their last reported status; without connector 0.
    pub connectors: BTreeMap<String, i64>,
    /// Sessions without an end.
    pub open_sessions: i64,
    /// Those of them that began longer ago than the limit: their stop may never arrive.
    pub long_open_sessions: i64,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = Text)]
    word: String,
    #[diesel(sql_type = Int8)]
    count: i64,
}

/// Counts all devices, and the sessions that are open, in all and for longer than `long_open_h`
/// hours by PostgreSQL's clock. Reads every device's row, so run it seldom.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn count(connection: &mut Connection, long_open_h: u16) -> Result<DeviceCounts, StorageError> {
    let counted: Vec<Counted> = diesel::sql_query(
        "select 'charge_points' as what, case when online then 'online' else 'offline' end as word, count(*) as count
         from charge_points group by online
         union all
         select 'connectors', status, count(*)
         from connectors join charge_points using (charge_point_id)
         where online and connector_id <> 0 and status is not null group by status
         union all
         select 'sessions', 'open', count(*) from sessions where ended_at is null
         union all
         select 'sessions', 'long_open', count(*) from sessions
         where ended_at is null and started_at < now() - make_interval(hours => $1)",
    )
    .bind::<Int4, _>(i32::from(long_open_h))
    .load(connection)
    .await?;
    let mut counts = DeviceCounts::default();
    for Counted { what, word, count } in counted {
        match (what.as_str(), word.as_str()) {
            ("charge_points", "online") => counts.online = count,
            ("charge_points", _) => counts.offline = count,
            ("sessions", "open") => counts.open_sessions = count,
            ("sessions", _) => counts.long_open_sessions = count,
            _ => {
                counts.connectors.insert(word, count);
            }
        }
    }
    Ok(counts)
}
