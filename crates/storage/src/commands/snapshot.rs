//! A pile, its device, connectors and open sessions at one instant: what a command is checked against.

use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, SmallInt, Text, Uuid};
use diesel_async::RunQueryDsl;
use domain::command::{OpenSession, PileSnapshot};
use domain::ids::{ChargePointId, ConnectorId, PileId, TransactionId};
use domain::status::ConnectorStatus;

/// One statement, so that all of it is of one instant.
const SNAPSHOT: &str = "
    select pile.charge_point_id, device.online,
           connector.ids as connector_ids, connector.statuses as connector_statuses,
           session.connectors as session_connectors, session.transactions as session_transactions
    from piles pile
    left join charge_points device on device.charge_point_id = pile.charge_point_id
    cross join lateral (
        select coalesce(array_agg(connector_id order by connector_id), '{}') as ids,
               coalesce(array_agg(status order by connector_id), '{}') as statuses
        from connectors
        where charge_point_id = pile.charge_point_id and status is not null
    ) connector
    cross join lateral (
        select coalesce(array_agg(connector_id order by id), '{}') as connectors,
               coalesce(array_agg(transaction_id order by id), '{}') as transactions
        from sessions
        where charge_point_id = pile.charge_point_id and ended_at is null
    ) session
    where pile.id = $1 and pile.retired_at is null";

#[derive(QueryableByName)]
struct SnapshotRow {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Nullable<Bool>)]
    online: Option<bool>,
    #[diesel(sql_type = Array<SmallInt>)]
    connector_ids: Vec<i16>,
    #[diesel(sql_type = Array<Text>)]
    connector_statuses: Vec<String>,
    #[diesel(sql_type = Array<SmallInt>)]
    session_connectors: Vec<i16>,
    #[diesel(sql_type = Array<Nullable<Text>>)]
    session_transactions: Vec<Option<String>>,
}

/// The pile called `id` with everything that decides whether it may be commanded; `None` when there is no such pile, or
/// it is retired.
///
/// # Errors
/// When Postgres fails or a row cannot be.
pub async fn snapshot(connection: &mut Connection, id: PileId) -> Result<Option<PileSnapshot>, StorageError> {
    let row: Option<SnapshotRow> =
        diesel::sql_query(SNAPSHOT).bind::<Uuid, _>(id.0).get_result(connection).await.optional()?;
    row.map(|row| row.into_snapshot(id)).transpose()
}

impl SnapshotRow {
    fn into_snapshot(self, pile_id: PileId) -> Result<PileSnapshot, StorageError> {
        let connectors = self.connector_ids.into_iter().zip(self.connector_statuses);
        let sessions = self.session_connectors.into_iter().zip(self.session_transactions);
        Ok(PileSnapshot {
            pile_id,
            charge_point_id: ChargePointId::parse(&self.charge_point_id)
                .map_err(|error| StorageError::inconsistent("piles", error))?,
            online: self.online,
            connectors: connectors.map(|(id, status)| connector(id, &status)).collect::<Result<_, _>>()?,
            open_sessions: sessions
                .map(|(connector, transaction)| open_session(connector, transaction.as_deref()))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn connector(id: i16, status: &str) -> Result<(ConnectorId, ConnectorStatus), StorageError> {
    let impossible = |what: String| StorageError::inconsistent("connectors", what);
    let id = ConnectorId::parse(id.into()).map_err(|error| impossible(error.to_string()))?;
    let known = ConnectorStatus::parse(status).ok_or_else(|| impossible(format!("status {status:?}")))?;
    Ok((id, known))
}

fn open_session(connector: i16, transaction: Option<&str>) -> Result<OpenSession, StorageError> {
    let impossible = |what: String| StorageError::inconsistent("sessions", what);
    Ok(OpenSession {
        connector_id: ConnectorId::parse(connector.into()).map_err(|error| impossible(error.to_string()))?,
        transaction_id: transaction
            .map(TransactionId::parse)
            .transpose()
            .map_err(|error| impossible(error.to_string()))?,
    })
}
