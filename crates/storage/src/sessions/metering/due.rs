//! Open sessions whose meter is due for publication.

use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Float8, Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::feed::LiveMeter;
use domain::ids::{ChargePointId, SessionId};
use std::time::Duration;
use uuid::Uuid;

/// An open session whose meter is due for publication.
#[derive(Debug, Clone, PartialEq)]
pub struct DueSession {
    /// The session.
    pub id: SessionId,
    /// The device.
    pub charge_point_id: ChargePointId,
    /// What the connector reported during the session.
    pub live: LiveMeter,
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Timestamptz)]
    read_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Float8>)]
    power_w: Option<f64>,
    #[diesel(sql_type = Nullable<Float8>)]
    soc_percent: Option<f64>,
}

/// Reads the index of open sessions in its order, so that the pages of a pass read each open session
/// once.
const DUE: &str = "
    select session.id, session.charge_point_id, reading.at as read_at,
           case when connector.power_at >= session.started_at then connector.power_w end as power_w,
           case when connector.soc_at >= session.started_at then connector.soc_percent end as soc_percent
    from sessions session
    join connectors connector on connector.charge_point_id = session.charge_point_id
                             and connector.connector_id = session.connector_id
    cross join lateral (
        select greatest(connector.energy_at, connector.power_at, connector.soc_at) as at) reading
    left join session_metered last on last.session_id = session.id
    where session.ended_at is null and (session.charge_point_id, session.id) > ($1, $2)
      and reading.at > session.started_at
      and (last.session_id is null
           or reading.at > last.reading_at and last.emitted_at <= now() - make_interval(secs => $3))
    order by session.charge_point_id, session.id limit $4";

/// Up to `limit` open sessions that were read since their last publication, which is at least
/// `interval` ago, in the order of their devices; only those after the session `after`.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_due(
    connection: &mut Connection,
    after: Option<&DueSession>,
    interval: Duration,
    limit: i64,
) -> Result<Vec<DueSession>, StorageError> {
    // Before all sessions: no device has an empty id.
    let (device, id) = after.map_or(("", Uuid::nil()), |after| (after.charge_point_id.as_str(), after.id.0));
    let rows: Vec<DueRow> = diesel::sql_query(DUE)
        .bind::<Text, _>(device)
        .bind::<SqlUuid, _>(id)
        .bind::<Float8, _>(interval.as_secs_f64())
        .bind::<Int8, _>(limit)
        .load(connection)
        .await?;
    rows.into_iter().map(DueSession::try_from).collect()
}

impl TryFrom<DueRow> for DueSession {
    type Error = StorageError;

    fn try_from(row: DueRow) -> Result<Self, StorageError> {
        let DueRow { id, charge_point_id, read_at, power_w, soc_percent } = row;
        Ok(Self {
            id: SessionId(id),
            charge_point_id: ChargePointId::parse(&charge_point_id).map_err(crate::sessions::broken)?,
            live: LiveMeter { read_at, power_w, soc_percent },
        })
    }
}
