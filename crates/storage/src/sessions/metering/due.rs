//! Open sessions whose meter is due for publication.

use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Float8, Int2, Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::feed::LiveMeter;
use domain::ids::{ChargePointId, ConnectorId, SessionId};
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

/// The open sessions of some connectors that were read since their last publication.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadSessions {
    /// Those whose last publication is at least the interval ago.
    pub due: Vec<DueSession>,
    /// The connectors of the others, each with the time until its session is due.
    pub later: Vec<((ChargePointId, ConnectorId), Duration)>,
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Int2)]
    connector_id: i16,
    #[diesel(sql_type = Timestamptz)]
    read_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Float8>)]
    power_w: Option<f64>,
    #[diesel(sql_type = Nullable<Float8>)]
    soc_percent: Option<f64>,
    #[diesel(sql_type = Float8)]
    due_in_s: f64,
}

/// Those `sessions` that are open and were read since their last publication. `$1` is the interval in
/// seconds.
macro_rules! read_since {
    ($sessions:literal, $rest:literal) => {
        concat!(
            "select session.id, session.charge_point_id, session.connector_id, reading.at as read_at,
                    case when connector.power_at >= session.started_at then connector.power_w end as power_w,
                    case when connector.soc_at >= session.started_at then connector.soc_percent end as soc_percent,
                    coalesce(extract(epoch from last.emitted_at - now()) + $1, 0)::double precision as due_in_s
             from ",
            $sessions,
            " join connectors connector on connector.charge_point_id = session.charge_point_id
                                       and connector.connector_id = session.connector_id
             cross join lateral (
                 select greatest(connector.energy_at, connector.power_at, connector.soc_at) as at) reading
             left join session_metered last on last.session_id = session.id
             where session.ended_at is null and reading.at > session.started_at
               and (last.session_id is null or reading.at > last.reading_at) ",
            $rest
        )
    };
}

/// Finds the sessions by the index of open ones: the cost does not depend on how many are open.
const OF_CONNECTORS: &str = read_since!(
    "unnest($2, $3) as read (device, connector)
     join sessions session on session.charge_point_id = read.device and session.connector_id = read.connector",
    ""
);

/// The sessions of `connectors` that are open and were read since their last publication; those that are
/// due are at least `interval` after it.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_read(
    connection: &mut Connection,
    connectors: &[(ChargePointId, ConnectorId)],
    interval: Duration,
) -> Result<ReadSessions, StorageError> {
    let mut columns = (Vec::new(), Vec::new());
    for (device, connector) in connectors {
        columns.0.push(device.as_str());
        columns.1.push(i16::try_from(connector.number()).map_err(crate::sessions::broken)?);
    }
    let rows: Vec<DueRow> = diesel::sql_query(OF_CONNECTORS)
        .bind::<Float8, _>(interval.as_secs_f64())
        .bind::<Array<Text>, _>(columns.0)
        .bind::<Array<Int2>, _>(columns.1)
        .load(connection)
        .await?;
    let mut read = ReadSessions::default();
    for row in rows {
        // Not positive if it is due.
        let due_in = Duration::try_from_secs_f64(row.due_in_s).unwrap_or_default();
        let connector = ConnectorId::parse(row.connector_id.into()).map_err(crate::sessions::broken)?;
        let session = DueSession::try_from(row)?;
        if due_in.is_zero() {
            read.due.push(session);
        } else {
            read.later.push(((session.charge_point_id, connector), due_in));
        }
    }
    Ok(read)
}

/// Reads the index of open sessions in its order, so that the pages of a pass read each open session
/// once.
const DUE: &str = read_since!(
    "sessions session",
    "and (session.charge_point_id, session.id) > ($2, $3)
     and (last.session_id is null or last.emitted_at <= now() - make_interval(secs => $1))
     order by session.charge_point_id, session.id limit $4"
);

/// Up to `limit` open sessions that were read since their last publication, which is at least
/// `interval` ago, in the order of their devices; only those after the session `after`. Reads all open
/// sessions until it has found them.
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
        .bind::<Float8, _>(interval.as_secs_f64())
        .bind::<Text, _>(device)
        .bind::<SqlUuid, _>(id)
        .bind::<Int8, _>(limit)
        .load(connection)
        .await?;
    rows.into_iter().map(DueSession::try_from).collect()
}

impl TryFrom<DueRow> for DueSession {
    type Error = StorageError;

    fn try_from(row: DueRow) -> Result<Self, StorageError> {
        let DueRow { id, charge_point_id, read_at, power_w, soc_percent, .. } = row;
        Ok(Self {
            id: SessionId(id),
            charge_point_id: ChargePointId::parse(&charge_point_id).map_err(crate::sessions::broken)?,
            live: LiveMeter { read_at, power_w, soc_percent },
        })
    }
}
