//! The states of the killed pod's devices in the database, counted by `PostgreSQL` in one
//! statement.

use crate::database::Connection;
use crate::report::Counts;
use diesel::QueryableByName;
use diesel::sql_types::{Int8, Text};
use diesel_async::RunQueryDsl as _;
use domain::ids::GatewayId;

/// Ids are compared byte by byte, and no character of an id here is greater than `~`.
const SQL: &str = "
    select count(*) filter (where online and here and not doubtful) as live,
           count(*) filter (where online and here and doubtful) as doubtful,
           count(*) filter (where not online and not returns) as offline,
           count(*) filter (where not online and returns) as offline_returned,
           count(*) filter (where online and not here) as elsewhere
    from (select online, gateway_id is not distinct from $1 as here,
                 confidence is not distinct from 'doubtful' as doubtful, starts_with(charge_point_id, $3) as returns
          from charge_points
          where charge_point_id >= $2 and charge_point_id < $2 || '~') as device";

/// A query that counts the devices by their shown state.
pub struct SnapshotQuery {
    /// The prefix of the ids of all devices of the killed pod.
    prefix: String,
    /// The prefix of the ids of the devices that reconnect.
    returning: String,
    killed: GatewayId,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Int8)]
    live: i64,
    #[diesel(sql_type = Int8)]
    doubtful: i64,
    #[diesel(sql_type = Int8)]
    offline: i64,
    #[diesel(sql_type = Int8)]
    offline_returned: i64,
    #[diesel(sql_type = Int8)]
    elsewhere: i64,
}

impl SnapshotQuery {
    /// Counts all devices whose ids begin with `prefix`, which were connected to the pod `killed`;
    /// the ids of those that reconnect through another pod begin with `returning`.
    pub fn new(prefix: &str, returning: &str, killed: GatewayId) -> Self {
        Self { prefix: prefix.to_owned(), returning: returning.to_owned(), killed }
    }

    /// Counts the devices now.
    pub async fn count(&self, connection: &mut Connection) -> anyhow::Result<Counts> {
        let row: Row = diesel::sql_query(SQL)
            .bind::<Text, _>(self.killed.as_str())
            .bind::<Text, _>(&self.prefix)
            .bind::<Text, _>(&self.returning)
            .get_result(connection)
            .await?;
        Ok(Counts {
            live: u64::try_from(row.live)?,
            doubtful: u64::try_from(row.doubtful)?,
            offline: u64::try_from(row.offline)?,
            offline_returned: u64::try_from(row.offline_returned)?,
            elsewhere: u64::try_from(row.elsewhere)?,
        })
    }
}
