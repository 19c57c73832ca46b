//! Reading sessions.

use crate::schema::sessions;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::ids::{ChargePointId, CommandId, ConnectorId, IdTag, SessionId, TransactionId};
use domain::sessions::session::{ChargingSession, SessionState, StartedBy};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The row of a session.
#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Pg))]
pub(crate) struct SessionRow {
    id: Uuid,
    charge_point_id: String,
    connector_id: i16,
    transaction_id: Option<String>,
    id_tag: Option<String>,
    reservation_id: Option<i64>,
    started_at: DateTime<Utc>,
    meter_start_wh: Option<f64>,
    ended_at: Option<DateTime<Utc>>,
    end_reason: Option<String>,
    meter_stop_wh: Option<f64>,
    command_id: Option<Uuid>,
    started_by: String,
    id_tag_rest: Option<String>,
}

/// The session with id `id`; `None` if it does not exist.
///
/// # Errors
/// If PostgreSQL fails or the row is invalid.
pub async fn find(
    connection: &mut Connection,
    id: SessionId,
) -> Result<Option<ChargingSession>, StorageError> {
    let row =
        sessions::table.find(id.0).select(SessionRow::as_select()).first(connection).await.optional()?;
    row.map(ChargingSession::try_from).transpose()
}

/// Up to `limit` sessions of a device, the latest started first; with `after`, those that follow
/// the session started at that time with that id.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_of_device(
    connection: &mut Connection,
    device: &ChargePointId,
    after: Option<(DateTime<Utc>, SessionId)>,
    limit: i64,
) -> Result<Vec<ChargingSession>, StorageError> {
    let mut query = sessions::table
        .filter(sessions::charge_point_id.eq(device.as_str()))
        .order((sessions::started_at.desc(), sessions::id.desc()))
        .limit(limit)
        .select(SessionRow::as_select())
        .into_boxed::<Pg>();
    if let Some((at, id)) = after {
        // Written so that the index scan starts at `at`, since diesel has no row comparison.
        let later = sessions::started_at.lt(at).or(sessions::id.lt(id.0));
        query = query.filter(sessions::started_at.le(at)).filter(later);
    }
    query.load(connection).await?.into_iter().map(ChargingSession::try_from).collect()
}

/// The sessions of `rows` by their devices, each device's in the order of its rows.
///
/// # Errors
/// If a row is invalid.
pub(super) fn by_device(
    rows: Vec<SessionRow>,
) -> Result<BTreeMap<String, Vec<ChargingSession>>, StorageError> {
    let mut sessions = BTreeMap::<String, Vec<ChargingSession>>::new();
    for row in rows {
        let session = ChargingSession::try_from(row)?;
        sessions.entry(session.charge_point_id.as_str().to_owned()).or_default().push(session);
    }
    Ok(sessions)
}

impl TryFrom<SessionRow> for ChargingSession {
    type Error = StorageError;

    fn try_from(row: SessionRow) -> Result<Self, StorageError> {
        let transaction_id = row.transaction_id.as_deref().map(TransactionId::parse);
        let id_tag = row.id_tag.map(|head| IdTag::from_parts(&head, row.id_tag_rest.as_deref()));
        Ok(Self {
            id: SessionId(row.id),
            charge_point_id: ChargePointId::parse(&row.charge_point_id).map_err(super::broken)?,
            connector_id: ConnectorId::parse(row.connector_id.into()).map_err(super::broken)?,
            transaction_id: transaction_id.transpose().map_err(super::broken)?,
            id_tag: id_tag.transpose().map_err(super::broken)?,
            reservation_id: row.reservation_id,
            started_at: row.started_at,
            meter_start_wh: row.meter_start_wh,
            command_id: row.command_id.map(CommandId),
            started_by: StartedBy::parse(&row.started_by)
                .ok_or_else(|| super::broken(format!("evidence {}", row.started_by)))?,
            state: row.ended_at.map_or(SessionState::Open, |at| SessionState::Ended {
                at,
                reason: row.end_reason,
                meter_stop_wh: row.meter_stop_wh,
            }),
        })
    }
}
