//! What callers are answered.

use crate::delivery::RoutedCommand;
use chrono::{DateTime, Utc};
use domain::command::CommandState;
use domain::ids::{CommandId, PileId};
use serde::Serialize;
use storage::commands::{Publication, RecordedCommand};

/// The answer to a command that was published.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AcceptedAnswer<'a> {
    command_id: CommandId,
    status: &'static str,
    command_name: &'static str,
    pile_id: PileId,
    charge_point_id: &'a str,
    gateway_id: &'a str,
    partition: i32,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl<'a> From<&'a RoutedCommand> for AcceptedAnswer<'a> {
    fn from(RoutedCommand { command, pile_id, partition }: &'a RoutedCommand) -> Self {
        Self {
            command_id: command.id,
            status: CommandState::Accepted.as_str(),
            command_name: command.kind.name(),
            pile_id: *pile_id,
            charge_point_id: command.charge_point_id.as_str(),
            gateway_id: command.gateway_id.as_str(),
            partition: *partition,
            issued_at: command.issued_at,
            expires_at: command.expires_at,
        }
    }
}

/// A command as it was recorded.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CommandAnswer<'a> {
    command_id: CommandId,
    status: &'static str,
    command_name: &'a str,
    pile_id: PileId,
    charge_point_id: &'a str,
    gateway_id: &'a str,
    partition: i32,
    payload: &'a serde_json::Value,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    published_at: Option<DateTime<Utc>>,
    failure: Option<&'a str>,
}

impl<'a> From<&'a RecordedCommand> for CommandAnswer<'a> {
    fn from(record: &'a RecordedCommand) -> Self {
        let (published_at, failure) = match &record.publication {
            None => (None, None),
            Some(Publication::Published { at, .. }) => (Some(*at), None),
            Some(Publication::Unknown { failure } | Publication::Failed { failure }) => {
                (None, Some(failure.as_str()))
            }
        };
        Self {
            command_id: record.id,
            status: record.state().as_str(),
            command_name: &record.name,
            pile_id: record.pile_id,
            charge_point_id: record.charge_point_id.as_str(),
            gateway_id: record.route.gateway_id.as_str(),
            partition: record.route.partition,
            payload: &record.payload,
            issued_at: record.issued_at,
            expires_at: record.expires_at,
            published_at,
            failure,
        }
    }
}
