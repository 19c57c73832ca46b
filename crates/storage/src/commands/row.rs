//! The columns of a command.

use super::{Publication, RecordedCommand};
use crate::StorageError;
use crate::schema::commands;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::command::{Command, CommandState, GatewayRoute};
use domain::ids::{ChargePointId, CommandId, GatewayId, PileId};
use uuid::Uuid;

/// A command when it is recorded.
#[derive(Insertable)]
#[diesel(table_name = commands)]
pub(super) struct NewRow<'a> {
    id: Uuid,
    pile_id: Uuid,
    charge_point_id: &'a str,
    name: &'static str,
    payload: &'a serde_json::Value,
    state: &'static str,
    gateway_id: &'a str,
    partition: i32,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    trace_id: Option<&'a str>,
}

impl<'a> NewRow<'a> {
    pub(super) fn new(
        command: &'a Command,
        pile_id: PileId,
        partition: i32,
        payload: &'a serde_json::Value,
    ) -> Self {
        Self {
            id: command.id.0,
            pile_id: pile_id.0,
            charge_point_id: command.charge_point_id.as_str(),
            name: command.kind.name(),
            payload,
            state: CommandState::Accepted.as_str(),
            gateway_id: command.gateway_id.as_str(),
            partition,
            issued_at: command.issued_at,
            expires_at: command.expires_at,
            trace_id: command.trace_id.as_deref(),
        }
    }
}

/// What changes when it is known what became of the publication.
#[derive(AsChangeset)]
#[diesel(table_name = commands)]
pub(super) struct SettledRow<'a> {
    state: &'static str,
    published_offset: Option<i64>,
    published_at: Option<DateTime<Utc>>,
    failure: Option<&'a str>,
}

impl<'a> SettledRow<'a> {
    pub(super) fn new(publication: &'a Publication) -> Self {
        let (published, failure) = match publication {
            Publication::Published { offset, at } => (Some((*offset, *at)), None),
            Publication::Unknown { failure } | Publication::Failed { failure } => (None, Some(failure)),
        };
        Self {
            state: publication.state().as_str(),
            published_offset: published.map(|(offset, _)| offset),
            published_at: published.map(|(_, at)| at),
            failure: failure.map(String::as_str),
        }
    }
}

/// A whole row.
#[derive(Queryable, Selectable)]
#[diesel(table_name = commands, check_for_backend(diesel::pg::Pg))]
pub(super) struct CommandRow {
    id: Uuid,
    pile_id: Uuid,
    charge_point_id: String,
    name: String,
    payload: serde_json::Value,
    state: String,
    gateway_id: String,
    partition: i32,
    published_offset: Option<i64>,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    published_at: Option<DateTime<Utc>>,
    failure: Option<String>,
    trace_id: Option<String>,
}

impl CommandRow {
    pub(super) fn into_record(self) -> Result<RecordedCommand, StorageError> {
        let publication = self.publication()?;
        Ok(RecordedCommand {
            id: CommandId(self.id),
            pile_id: PileId(self.pile_id),
            charge_point_id: ChargePointId::parse(&self.charge_point_id).map_err(impossible)?,
            name: self.name,
            payload: self.payload,
            route: GatewayRoute {
                gateway_id: GatewayId::parse(&self.gateway_id).map_err(impossible)?,
                partition: self.partition,
            },
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            trace_id: self.trace_id,
            publication,
        })
    }

    fn publication(&self) -> Result<Option<Publication>, StorageError> {
        let state = CommandState::ALL
            .into_iter()
            .find(|state| state.as_str() == self.state)
            .ok_or_else(|| impossible(format!("state {:?}", self.state)))?;
        let failure = || self.failure.clone().unwrap_or_default();
        Ok(match state {
            CommandState::Accepted => None,
            CommandState::Unknown => Some(Publication::Unknown { failure: failure() }),
            CommandState::Failed => Some(Publication::Failed { failure: failure() }),
            CommandState::Published => {
                let (Some(offset), Some(at)) = (self.published_offset, self.published_at) else {
                    return Err(impossible("published, but not where or when"));
                };
                Some(Publication::Published { offset, at })
            }
        })
    }
}

fn impossible(what: impl ToString) -> StorageError {
    StorageError::inconsistent("commands", what)
}
