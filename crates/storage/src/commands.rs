//! Commands to charge points: recorded before they are published, settled once it is known what became of that.

mod row;
mod snapshot;

pub use snapshot::snapshot;

use crate::schema::commands;
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::command::{Command, CommandState, GatewayRoute};
use domain::feed::{CommandChanged, FeedChange, FeedKind, FeedSubject};
use domain::ids::{ChargePointId, CommandId, PileId};
use row::{CommandRow, NewRow, SettledRow};

/// A command as it stands in the books.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedCommand {
    /// Its id.
    pub id: CommandId,
    /// The pile that was commanded.
    pub pile_id: PileId,
    /// Its device at that time.
    pub charge_point_id: ChargePointId,
    /// The OCPP 1.6 action.
    pub name: String,
    /// The OCPP 1.6 request body.
    pub payload: serde_json::Value,
    /// Where it was sent.
    pub route: GatewayRoute,
    /// When it was asked for.
    pub issued_at: DateTime<Utc>,
    /// After this it must not be carried out any more.
    pub expires_at: DateTime<Utc>,
    /// The trace that it belongs to.
    pub trace_id: Option<String>,
    /// What became of its publication; `None` while that is not known.
    pub publication: Option<Publication>,
}

/// What became of the attempt to publish a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publication {
    /// All replicas have it.
    Published {
        /// Its offset on the route's partition.
        offset: i64,
        /// When that was confirmed.
        at: DateTime<Utc>,
    },
    /// Neither confirmed nor refused.
    Unknown {
        /// What went wrong.
        failure: String,
    },
    /// It certainly did not happen.
    Failed {
        /// What went wrong.
        failure: String,
    },
}

impl RecordedCommand {
    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> CommandState {
        match &self.publication {
            None => CommandState::Accepted,
            Some(publication) => publication.state(),
        }
    }

    /// What the feed tells of it at `now`, when it was settled.
    fn change(self, now: DateTime<Utc>) -> FeedChange {
        let (state, failure) = (self.state(), self.publication.and_then(Publication::failure));
        let body = CommandChanged {
            command_id: self.id,
            pile_id: self.pile_id,
            name: self.name,
            state,
            gateway_id: self.route.gateway_id,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            failure,
        };
        let subject = FeedSubject::ChargePoint(self.charge_point_id);
        FeedChange { subject, at: now, kind: FeedKind::CommandChanged(body) }
    }
}

impl Publication {
    /// The state that a command is in after it.
    #[must_use]
    pub const fn state(&self) -> CommandState {
        match self {
            Self::Published { .. } => CommandState::Published,
            Self::Unknown { .. } => CommandState::Unknown,
            Self::Failed { .. } => CommandState::Failed,
        }
    }

    fn failure(self) -> Option<String> {
        match self {
            Self::Published { .. } => None,
            Self::Unknown { failure } | Self::Failed { failure } => Some(failure),
        }
    }
}

/// Records `command` to `pile_id` as accepted, before anything is published; `payload` is the OCPP request body.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(
    connection: &mut Connection,
    command: &Command,
    pile_id: PileId,
    partition: i32,
    payload: &serde_json::Value,
) -> Result<(), StorageError> {
    let change = FeedChange {
        subject: FeedSubject::ChargePoint(command.charge_point_id.clone()),
        at: command.issued_at,
        kind: FeedKind::CommandChanged(CommandChanged::accepted(command, pile_id)),
    };
    connection
        .transaction(async |tx| {
            let row = NewRow::new(command, pile_id, partition, payload);
            diesel::insert_into(commands::table).values(row).execute(tx).await?;
            feed::append_of(tx, &[change]).await
        })
        .await
}

/// Notes what became of a command's publication; says whether it did. A command that was settled before stays as it
/// is, for states only move forward.
///
/// # Errors
/// When Postgres fails.
pub async fn settle(
    connection: &mut Connection,
    id: CommandId,
    publication: &Publication,
) -> Result<bool, StorageError> {
    connection
        .transaction(async |tx| {
            let waiting =
                commands::table.find(id.0).filter(commands::state.eq(CommandState::Accepted.as_str()));
            let settled: Option<(CommandRow, DateTime<Utc>)> = diesel::update(waiting)
                .set(SettledRow::new(publication))
                .returning((CommandRow::as_returning(), sql::<Timestamptz>("clock_timestamp()")))
                .get_result(tx)
                .await
                .optional()?;
            let Some((row, now)) = settled else { return Ok(false) };
            feed::append_of(tx, &[row.into_record()?.change(now)]).await?;
            Ok(true)
        })
        .await
}

/// The command called `id`.
///
/// # Errors
/// When Postgres fails or the row cannot be.
pub async fn find(
    connection: &mut Connection,
    id: CommandId,
) -> Result<Option<RecordedCommand>, StorageError> {
    let row: Option<CommandRow> =
        commands::table.find(id.0).select(CommandRow::as_select()).first(connection).await.optional()?;
    row.map(CommandRow::into_record).transpose()
}
