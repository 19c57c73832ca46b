//! The columns of a command.

use super::RecordedCommand;
use crate::StorageError;
use crate::devices::charge_points;
use crate::schema::commands;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use domain::commands::{CommandRecord, Goal, RouteSource};
use domain::ids::{
    Actor, ChargePointId, CommandId, ConnectorId, GatewayId, IdTag, PileId, SessionId, TransactionId,
};
use uuid::Uuid;

/// The SQL types of a [`CommandRow`].
pub(super) type CommandColumns = (
    sql_types::Uuid,
    sql_types::Uuid,
    sql_types::Text,
    sql_types::Text,
    sql_types::Jsonb,
    sql_types::Text,
    sql_types::Int4,
    sql_types::Timestamptz,
    sql_types::Timestamptz,
    sql_types::Nullable<sql_types::Text>,
    sql_types::Jsonb,
    sql_types::Nullable<sql_types::Int2>,
    sql_types::Nullable<sql_types::Text>,
    sql_types::Nullable<sql_types::Text>,
    sql_types::Nullable<sql_types::Uuid>,
    sql_types::Bool,
    sql_types::Nullable<sql_types::Text>,
    sql_types::Nullable<sql_types::Text>,
    sql_types::Nullable<sql_types::Text>,
    sql_types::Nullable<sql_types::Text>,
);

/// The column names for SQL statements, of the table under the alias `command`.
macro_rules! command_columns {
    () => {
        "command.id, command.pile_id, command.charge_point_id, command.name, command.payload, command.gateway_id,
         command.partition, command.issued_at, command.expires_at, command.trace_id, command.life,
         command.connector_id, command.id_tag, command.transaction_id, command.session_id, command.degraded,
         command.seen_gateway_id, command.route, command.confidence, command.issued_by"
    };
}
pub(super) use command_columns;

/// A row of `commands`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = commands, check_for_backend(diesel::pg::Pg))]
pub(super) struct CommandRow {
    id: Uuid,
    pile_id: Uuid,
    charge_point_id: String,
    name: String,
    payload: serde_json::Value,
    gateway_id: String,
    partition: i32,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    trace_id: Option<String>,
    life: serde_json::Value,
    connector_id: Option<i16>,
    id_tag: Option<String>,
    transaction_id: Option<String>,
    session_id: Option<Uuid>,
    degraded: bool,
    seen_gateway_id: Option<String>,
    route: Option<String>,
    confidence: Option<String>,
    issued_by: Option<String>,
}

impl CommandRow {
    /// The command and its life from the row.
    pub(super) fn into_record(self) -> Result<CommandRecord, StorageError> {
        Ok(CommandRecord {
            goal: self.goal()?,
            id: CommandId(self.id),
            pile_id: PileId(self.pile_id),
            charge_point_id: ChargePointId::parse(&self.charge_point_id).map_err(impossible)?,
            gateway_id: GatewayId::parse(&self.gateway_id).map_err(impossible)?,
            // A name that only a newer release knows is treated as not recorded.
            route: self.route.as_deref().and_then(RouteSource::parse),
            issued_by: self.issued_by.as_deref().map(Actor::parse).transpose().map_err(impossible)?,
            name: self.name,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            life: serde_json::from_value(self.life).map_err(impossible)?,
        })
    }

    /// All data of the row, and no limits; `of_session` is the transaction id of the command's session.
    pub(super) fn into_recorded(
        mut self,
        of_session: Option<String>,
    ) -> Result<RecordedCommand, StorageError> {
        let transaction = self.transaction_id.clone().or(of_session);
        Ok(RecordedCommand {
            payload: self.payload.take(),
            partition: self.partition,
            trace_id: self.trace_id.take(),
            connector_id: self.connector_id()?,
            transaction_id: transaction
                .as_deref()
                .map(TransactionId::parse)
                .transpose()
                .map_err(impossible)?,
            degraded: self.degraded,
            seen_gateway_id: self
                .seen_gateway_id
                .take()
                .as_deref()
                .map(GatewayId::parse)
                .transpose()
                .map_err(impossible)?,
            confidence: charge_points::confidence(self.confidence.as_deref())?,
            limits: None,
            record: self.into_record()?,
        })
    }

    fn connector_id(&self) -> Result<Option<ConnectorId>, StorageError> {
        self.connector_id.map(|id| ConnectorId::parse(id.into())).transpose().map_err(impossible)
    }

    fn goal(&self) -> Result<Option<Goal>, StorageError> {
        Ok(match (self.name.as_str(), &self.id_tag, &self.transaction_id) {
            ("RemoteStartTransaction", Some(id_tag), _) => Some(Goal::Charging {
                connector_id: self.connector_id()?,
                id_tag: IdTag::parse(id_tag).map_err(impossible)?,
            }),
            ("RemoteStopTransaction", _, Some(transaction)) => Some(Goal::Stopped {
                transaction_id: TransactionId::parse(transaction).map_err(impossible)?,
                session_id: self.session_id.map(SessionId),
            }),
            ("RemoteStopTransaction", _, None) => {
                self.session_id.map(|id| Goal::SessionEnded { session_id: SessionId(id) })
            }
            ("Reset", _, _) => Some(Goal::Restarted),
            _ => None,
        })
    }
}

pub(super) fn impossible(what: impl ToString) -> StorageError {
    StorageError::inconsistent("commands", what)
}
