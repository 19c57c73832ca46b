//! Stops that wait for the transaction id of their session.
//!
//! The database decides who sends a stop: a stop leaves the state `waiting` once, under the lock of
//! its device, and only the caller that made it leave publishes it.

use super::RecordedCommand;
use super::outcomes::{Named, lock_devices, write};
use super::row::CommandRow;
use crate::database::bulk::Bulk;
use crate::sessions;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::OperatorBound;
use domain::commands::{CommandRecord, GatewayRoute, RouteSource, WaitEnd, WaitOutcome};
use domain::devices::presence::Confidence;
use domain::ids::{ChargePointId, CommandId, GatewayId, PileId, SessionId, TransactionId};
use domain::merged::Merged;
use uuid::Uuid;

/// A waiting stop for which something must be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueStop {
    /// The command.
    pub id: CommandId,
    /// The pile that the stop is for.
    pub pile_id: PileId,
    /// The device of the session.
    pub charge_point_id: ChargePointId,
    /// The session to stop.
    pub session_id: SessionId,
    /// The transaction id of the session; `None` if the wait is over without one.
    pub transaction_id: Option<TransactionId>,
    /// When the stop was requested.
    pub issued_at: DateTime<Utc>,
    /// The trace id of the request; `None` if it was not traced.
    pub trace_id: Option<String>,
}

/// How a waiting stop is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// The transaction to stop.
    pub transaction_id: TransactionId,
    /// The gateway, and the partition that it reads.
    pub route: GatewayRoute,
    /// How the gateway was found.
    pub source: RouteSource,
    /// Redis was unavailable: the gateway is the one of the device's last event.
    pub degraded: bool,
    /// The gateway of the device's last event, if it is a different one.
    pub seen_gateway_id: Option<GatewayId>,
    /// How far the device's online state is trusted.
    pub confidence: Confidence,
    /// The OCPP 1.6 request body.
    pub payload: serde_json::Value,
    /// The stop must not be carried out after this instant.
    pub expires_at: DateTime<Utc>,
    /// The time of the release.
    pub now: DateTime<Utc>,
}

/// The condition of the index `waiting_stop_of_session`: an open stop without a transaction id waits.
macro_rules! is_waiting {
    () => {
        "command.open and command.name = 'RemoteStopTransaction' and command.transaction_id is null"
    };
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = Int8)]
    waiting: i64,
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pile_id: Uuid,
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = SqlUuid)]
    session_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    transaction_id: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    issued_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    trace_id: Option<String>,
}

/// Up to `limit` waiting stops whose session has a transaction id, has ended or was withdrawn, or
/// that have expired by PostgreSQL's clock; those that expire first come first.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_due(connection: &mut Connection, limit: i64) -> Result<Vec<DueStop>, StorageError> {
    let rows: Vec<DueRow> = diesel::sql_query(concat!(
        "select command.id, command.pile_id, command.charge_point_id, command.session_id,
                case when session.ended_at is null and command.expires_at > clock_timestamp()
                     then session.transaction_id end as transaction_id,
                command.issued_at, command.trace_id
         from commands command left join sessions session on session.id = command.session_id
         where ",
        is_waiting!(),
        " and command.session_id is not null
           and (session.id is null or session.ended_at is not null or session.transaction_id is not null
                or command.expires_at <= clock_timestamp())
         order by command.expires_at limit $1"
    ))
    .bind::<Int8, _>(limit)
    .load(connection)
    .await?;
    rows.into_iter().map(DueStop::try_from).collect()
}

impl TryFrom<DueRow> for DueStop {
    type Error = StorageError;

    fn try_from(row: DueRow) -> Result<Self, StorageError> {
        let transaction_id = row.transaction_id.as_deref().map(TransactionId::parse).transpose();
        Ok(Self {
            id: CommandId(row.id),
            pile_id: PileId(row.pile_id),
            charge_point_id: ChargePointId::parse(&row.charge_point_id).map_err(super::row::impossible)?,
            session_id: SessionId(row.session_id),
            transaction_id: transaction_id.map_err(super::row::impossible)?,
            issued_at: row.issued_at,
            trace_id: row.trace_id,
        })
    }
}

/// The number of waiting stops.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn count(connection: &mut Connection) -> Result<i64, StorageError> {
    let query = concat!("select count(*) as waiting from commands command where ", is_waiting!());
    let Waiting { waiting } = diesel::sql_query(query).get_result(connection).await?;
    Ok(waiting)
}

/// Ends the wait of `stop` and records how it is sent. The caller must publish it if `true` is
/// returned; `false` if it does not wait any more, or if its session does not have that transaction
/// any more.
///
/// # Errors
/// If PostgreSQL fails; nothing is recorded in that case, unless the commit is in doubt.
pub async fn release(
    connection: &mut Connection,
    stop: &DueStop,
    release: &Release,
) -> Result<bool, StorageError> {
    connection
        .transaction(async |tx| {
            let Some((mut record, outcome)) = lock(tx, stop, release.now).await? else { return Ok(false) };
            if outcome != WaitOutcome::Release(release.transaction_id.clone()) {
                return Ok(false);
            }
            let (transaction_id, route) = (release.transaction_id.clone(), release.route.clone());
            if record.release(transaction_id, route, release.expires_at, release.now) == Merged::Known {
                return Ok(false);
            }
            update_delivery(tx, stop, release).await?;
            write(tx, &[(release.now, record)]).await?;
            Ok(true)
        })
        .await
}

/// Ends the wait of `stop` at `now` if it is over without a transaction id; returns the ended
/// command and the cause.
///
/// # Errors
/// If PostgreSQL fails; nothing is recorded in that case.
pub async fn end(
    connection: &mut Connection,
    stop: &DueStop,
    now: DateTime<Utc>,
) -> Result<Option<(CommandRecord, WaitEnd)>, StorageError> {
    connection
        .transaction(async |tx| {
            let Some((mut record, WaitOutcome::End(cause))) = lock(tx, stop, now).await? else {
                return Ok(None);
            };
            if record.end_wait(cause, now) == Merged::Known {
                return Ok(None);
            }
            write(tx, &[(now, record.clone())]).await?;
            Ok(Some((record, cause)))
        })
        .await
}

/// Locks the device of `stop` and returns the stop and what happens to it, by what is recorded then.
async fn lock(
    tx: &mut Connection,
    stop: &DueStop,
    now: DateTime<Utc>,
) -> Result<Option<(CommandRecord, WaitOutcome)>, StorageError> {
    let device = stop.charge_point_id.as_str();
    lock_devices(tx, vec![device]).await?;
    let rows: Vec<CommandRow> = Bulk(Named { devices: vec![device], ids: vec![stop.id.0] }).load(tx).await?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let RecordedCommand { record, .. } = row.into_recorded(None)?;
    let session =
        sessions::find(tx, &OperatorBound::All, stop.session_id).await?.map(|placed| placed.session);
    let outcome = WaitOutcome::of(session.as_ref(), record.expires_at, now);
    Ok(Some((record, outcome)))
}

async fn update_delivery(tx: &mut Connection, stop: &DueStop, release: &Release) -> QueryResult<()> {
    use crate::schema::commands;
    let confidence = Some(release.confidence).filter(|confidence| *confidence != Confidence::Live);
    diesel::update(commands::table.find(stop.id.0))
        .set((
            commands::transaction_id.eq(release.transaction_id.as_str()),
            commands::payload.eq(&release.payload),
            commands::gateway_id.eq(release.route.gateway_id.as_str()),
            commands::partition.eq(release.route.partition),
            commands::expires_at.eq(release.expires_at),
            commands::route.eq(release.source.as_str()),
            commands::degraded.eq(release.degraded),
            commands::seen_gateway_id.eq(release.seen_gateway_id.as_ref().map(|id| id.as_str())),
            commands::confidence.eq(confidence.map(Confidence::as_str)),
        ))
        .execute(tx)
        .await
        .map(|_count| ())
}
