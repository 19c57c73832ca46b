//! Reading sessions.

use crate::assets::placements;
use crate::database::explained::Explained;
use crate::database::operators;
use crate::schema::sessions;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::{OperatorBound, Placement};
use domain::ids::{
    ChargePointId, CommandId, ConnectorId, IdTag, PileId, SessionId, StationId, TransactionId,
};
use domain::sessions::session::{ChargingSession, SessionState, StartedBy};
use domain::text::Label;
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

/// A session and where it took place.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedSession {
    /// The session.
    pub session: ChargingSession,
    /// Where the device was when the session began; `None` if it was assigned to no pile.
    pub place: Option<Placement>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Pg))]
struct PlacedRow {
    #[diesel(embed)]
    session: SessionRow,
    pile_id: Option<Uuid>,
    station_id: Option<Uuid>,
    operator_id: Option<String>,
}

/// A filter of sessions; by default it selects all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only sessions at this pile.
    pub pile_id: Option<PileId>,
    /// Only sessions at this station.
    pub station_id: Option<StationId>,
    /// Only sessions at stations of this operator.
    pub operator_id: Option<Label>,
    /// Only sessions of this device.
    pub charge_point_id: Option<ChargePointId>,
    /// Only sessions with this token.
    pub id_tag: Option<IdTag>,
    /// Only sessions with this transaction id of a gateway.
    pub transaction_id: Option<TransactionId>,
    /// Only the session that this command started.
    pub command_id: Option<CommandId>,
    /// `true`: only open sessions; `false`: only ended ones.
    pub open: Option<bool>,
    /// Only sessions that began at or after this instant.
    pub started_from: Option<DateTime<Utc>>,
    /// Only sessions that began before this instant.
    pub started_until: Option<DateTime<Utc>>,
}

/// The session with id `id` within `bound`; `None` if it does not exist.
///
/// # Errors
/// If PostgreSQL fails or the row is invalid.
pub async fn find(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: SessionId,
) -> Result<Option<PlacedSession>, StorageError> {
    let own = sessions::table.find(id.0).filter(operators::sessions(bound));
    let row = own.select(PlacedRow::as_select()).first(connection).await.optional()?;
    row.map(PlacedSession::try_from).transpose()
}

/// The sessions that `commands` started, in any order.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub(super) async fn started_by(
    connection: &mut Connection,
    commands: &[CommandId],
) -> Result<Vec<PlacedSession>, StorageError> {
    let ids = commands.iter().map(|id| id.0);
    let rows: Vec<PlacedRow> = sessions::table
        .filter(sessions::command_id.eq_any(ids))
        .select(PlacedRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(PlacedSession::try_from).collect()
}

/// Those sessions of `ids` that are open, in any order.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub(super) async fn open_of(
    connection: &mut Connection,
    ids: impl IntoIterator<Item = SessionId>,
) -> Result<Vec<PlacedSession>, StorageError> {
    let rows: Vec<PlacedRow> = sessions::table
        .filter(sessions::id.eq_any(ids.into_iter().map(|id| id.0)))
        .filter(sessions::ended_at.is_null())
        .select(PlacedRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(PlacedSession::try_from).collect()
}

/// Up to `limit` sessions within `bound`, the latest started first; with `after`, those that follow the session
/// started at that time with that id.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &Filter,
    after: Option<(DateTime<Utc>, SessionId)>,
    limit: i64,
) -> Result<Vec<PlacedSession>, StorageError> {
    let query = filter
        .query(bound, after)
        .order((sessions::started_at.desc(), sessions::id.desc()))
        .limit(limit)
        .select(PlacedRow::as_select());
    query.load(connection).await?.into_iter().map(PlacedSession::try_from).collect()
}

/// How many sessions within `bound` match `filter`, by the planner's statistics: reads no session, and may be wrong
/// by orders of magnitude. With `after`, only those that follow, as in [`list`].
///
/// # Errors
/// If PostgreSQL fails.
pub async fn estimate_count(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &Filter,
    after: Option<(DateTime<Utc>, SessionId)>,
) -> Result<usize, StorageError> {
    let query = filter.query(bound, after).select(sessions::id);
    let rows = Explained(query).estimate_rows(connection).await?;
    Ok(usize::try_from(rows).unwrap_or(usize::MAX))
}

impl Filter {
    fn query<'a>(
        &'a self,
        bound: &'a OperatorBound,
        after: Option<(DateTime<Utc>, SessionId)>,
    ) -> sessions::BoxedQuery<'a, Pg> {
        let mut query = sessions::table.into_boxed::<Pg>().filter(operators::sessions(bound));
        if let Some((at, id)) = after {
            // Diesel has no row comparison. It starts the index scan at the exact row.
            let place = sql::<Bool>("(sessions.started_at, sessions.id) < (").bind::<Timestamptz, _>(at);
            query = query.filter(place.sql(", ").bind::<SqlUuid, _>(id.0).sql(")"));
        }
        if let Some(pile) = self.pile_id {
            query = query.filter(sessions::pile_id.eq(pile.0));
        }
        if let Some(station) = self.station_id {
            query = query.filter(sessions::station_id.eq(station.0));
        }
        if let Some(operator) = &self.operator_id {
            query = query.filter(sessions::operator_id.eq(operator.as_str()));
        }
        if let Some(device) = &self.charge_point_id {
            query = query.filter(sessions::charge_point_id.eq(device.as_str()));
        }
        if let Some(id_tag) = &self.id_tag {
            let (head, rest) = id_tag.parts();
            query = query.filter(sessions::id_tag.eq(head));
            // With `is not distinct from`, the planner expects few matches and sorts all of them.
            query = match rest {
                Some(rest) => query.filter(sessions::id_tag_rest.eq(rest)),
                None => query.filter(sessions::id_tag_rest.is_null()),
            };
        }
        if let Some(transaction) = &self.transaction_id {
            query = query.filter(sessions::transaction_id.eq(transaction.as_str()));
        }
        if let Some(command) = self.command_id {
            query = query.filter(sessions::command_id.eq(command.0));
        }
        query = match self.open {
            Some(true) => query.filter(sessions::ended_at.is_null()),
            Some(false) => query.filter(sessions::ended_at.is_not_null()),
            None => query,
        };
        if let Some(from) = self.started_from {
            query = query.filter(sessions::started_at.ge(from));
        }
        if let Some(until) = self.started_until {
            query = query.filter(sessions::started_at.lt(until));
        }
        query
    }
}

impl TryFrom<PlacedRow> for PlacedSession {
    type Error = StorageError;

    fn try_from(row: PlacedRow) -> Result<Self, StorageError> {
        let place = placements::from_columns(row.pile_id, row.station_id, row.operator_id.as_deref())?;
        Ok(Self { session: ChargingSession::try_from(row.session)?, place })
    }
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
