//! How many devices, connectors and sessions there are, for whoever watches the whole fleet.

use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Int8, Text};
use diesel_async::RunQueryDsl;
use std::collections::BTreeMap;

/// The fleet, counted at one instant. Devices count whether or not they are registered as piles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Census {
    /// Devices that are connected to a gateway.
    pub online: i64,
    /// Devices that were heard once and are not connected.
    pub offline: i64,
    /// Connectors of devices that are online, by what they reported last; 0, the whole device, is none.
    pub connectors: BTreeMap<String, i64>,
    /// Sessions that have not ended.
    pub open_sessions: i64,
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

/// Counts the fleet. It reads every device's row: not for each request, and on a connection of [`crate::Database::for_sweeps`].
///
/// # Errors
/// When Postgres fails.
pub async fn count(connection: &mut Connection) -> Result<Census, StorageError> {
    let counted: Vec<Counted> = diesel::sql_query(
        "select 'charge_points' as what, case when online then 'online' else 'offline' end as word, count(*) as count
         from charge_points group by online
         union all
         select 'connectors', status, count(*)
         from connectors join charge_points using (charge_point_id)
         where online and connector_id <> 0 and status is not null group by status
         union all
         select 'sessions', 'open', count(*) from sessions where ended_at is null",
    )
    .load(connection)
    .await?;
    let mut census = Census::default();
    for Counted { what, word, count } in counted {
        match (what.as_str(), word.as_str()) {
            ("charge_points", "online") => census.online = count,
            ("charge_points", _) => census.offline = count,
            ("sessions", _) => census.open_sessions = count,
            _ => {
                census.connectors.insert(word, count);
            }
        }
    }
    Ok(census)
}
