//! Inserting commands before anything is published: several at once, in one statement.

mod columns;

use super::{KeyedRequest, RecordedCommand};
use crate::commands::outcomes::change;
use crate::database::bulk::Bulk;
use crate::database::violations::violates_unique;
use crate::{Connection, StorageError, feed};
use columns::{Columns, Plain, Whole};
use diesel::result::Error as DieselError;
use diesel_async::RunQueryDsl;
use domain::commands::{Command, CommandLife, CommandRecord, Goal, RouteSource};
use domain::devices::presence::Confidence;
use domain::feed::FeedChange;
use domain::ids::{Actor, GatewayId, PileId};
use domain::sessions::limits::SessionLimits;

/// A command to record.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCommand {
    /// The command.
    pub command: Command,
    /// The pile that the command is for.
    pub pile_id: PileId,
    /// The partition that the gateway reads.
    pub partition: i32,
    /// The OCPP 1.6 request body.
    pub payload: serde_json::Value,
    /// The effect that would show that the command was executed; `None` if there is none.
    pub goal: Option<Goal>,
    /// How the gateway was found.
    pub route: RouteSource,
    /// Redis was unavailable: the gateway is the one of the device's last event.
    pub degraded: bool,
    /// The gateway of the device's last event, if it is a different one.
    pub seen_gateway_id: Option<GatewayId>,
    /// How far the device's online state is trusted.
    pub confidence: Confidence,
    /// The `sub` of the caller; `None` for a command that the platform sends by itself.
    pub issued_by: Option<Actor>,
    /// The caller's idempotency key, if any.
    pub keyed: Option<KeyedRequest>,
    /// The limits of the session that the command starts; `None` for other commands.
    pub limits: Option<SessionLimits>,
}

/// The result of recording commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// All commands were recorded.
    All,
    /// No command was recorded, because of this conflict.
    None(Conflict),
}

/// Why a command cannot be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The caller's key already belongs to a command.
    Key,
    /// The command is a start, and another start is in flight on the connector.
    StartInFlight,
    /// A command with this id is recorded already.
    Id,
    /// The command is a stop that waits, and another one waits for the same session.
    StopWaiting,
}

impl NewCommand {
    /// The command's initial record.
    #[must_use]
    pub fn to_record(&self) -> CommandRecord {
        let command = &self.command;
        CommandRecord {
            id: command.id,
            pile_id: self.pile_id,
            charge_point_id: command.charge_point_id.clone(),
            name: command.kind.name().to_owned(),
            goal: self.goal.clone(),
            gateway_id: command.gateway_id.clone(),
            route: Some(self.route),
            issued_by: self.issued_by.clone(),
            issued_at: command.issued_at,
            expires_at: command.expires_at,
            life: CommandLife::accepted(command.issued_at),
        }
    }

    fn to_recorded(&self) -> RecordedCommand {
        let transaction_id = match &self.goal {
            Some(Goal::Stopped { transaction_id, .. }) => Some(transaction_id.clone()),
            _ => None,
        };
        RecordedCommand {
            record: self.to_record(),
            payload: self.payload.clone(),
            partition: self.partition,
            trace_id: self.command.trace_id.clone(),
            connector_id: self.command.kind.connector_id(),
            transaction_id,
            degraded: self.degraded,
            seen_gateway_id: self.seen_gateway_id.clone(),
            confidence: self.confidence,
            limits: self.limits,
        }
    }
}

/// Records `new` as accepted, with their keys and feed changes: all of them, or none.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert_many(connection: &mut Connection, new: &[NewCommand]) -> Result<Recorded, StorageError> {
    // Sorted by key, so that two transactions that insert the same keys do not deadlock.
    let mut ordered: Vec<&NewCommand> = new.iter().collect();
    ordered
        .sort_by_cached_key(|new| new.keyed.as_ref().map(|keyed| (keyed.key.text(), keyed.key.of_caller())));
    let recorded: Vec<RecordedCommand> = ordered.iter().map(|new| new.to_recorded()).collect();
    let mut columns = Columns::default();
    for (new, recorded) in ordered.into_iter().zip(&recorded) {
        columns.push(recorded, new.keyed.as_ref(), new.limits)?;
    }
    insert(connection, columns, &recorded).await
}

/// Records a stop that waits, with its key and its feed change. Its goal is
/// [`Goal::SessionEnded`], and nothing is published before it is
/// [released](super::waiting::release).
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert_waiting(
    connection: &mut Connection,
    stop: &RecordedCommand,
    keyed: Option<&KeyedRequest>,
) -> Result<Recorded, StorageError> {
    let mut columns = Columns::default();
    columns.push(stop, keyed, None)?;
    insert(connection, columns, std::slice::from_ref(stop)).await
}

async fn insert(
    connection: &mut Connection,
    mut columns: Columns<'_>,
    commands: &[RecordedCommand],
) -> Result<Recorded, StorageError> {
    let changes: Vec<FeedChange> =
        commands.iter().map(|command| change(&command.record, command.record.issued_at)).collect();
    (columns.chunk, columns.chunk_size) = feed::render_beside(&changes, commands.len())?;
    let inserted = match columns.is_plain() {
        true => Bulk(Plain(columns)).execute(connection).await,
        false => Bulk(Whole(columns)).execute(connection).await,
    };
    match inserted {
        Ok(_) => Ok(Recorded::All),
        Err(error) => conflict(&error).map(Recorded::None).ok_or_else(|| error.into()),
    }
}

fn conflict(error: &DieselError) -> Option<Conflict> {
    let constraints = [
        ("idempotency_keys_pkey", Conflict::Key),
        ("idempotency_keys_of_caller", Conflict::Key),
        ("start_in_flight", Conflict::StartInFlight),
        ("commands_pkey", Conflict::Id),
        ("waiting_stop_of_session", Conflict::StopWaiting),
    ];
    constraints.into_iter().find_map(|(name, conflict)| violates_unique(error, name).then_some(conflict))
}
