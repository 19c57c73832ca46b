//! Cancelling a command that waits.

use super::outcomes::{Named, lock_devices, write};
use super::row::CommandRow;
use super::{RecordedCommand, find};
use crate::database::bulk::Bulk;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::OperatorBound;
use domain::commands::CommandState;
use domain::ids::{Actor, CommandId};
use domain::merged::Merged;

/// Cancels the command with id `id` within `bound` for the caller `by` at `now`, if it waits, and returns it as it
/// is recorded then: its state is [`CommandState::Cancelled`] if it is cancelled by now. `None` if
/// there is no such command.
///
/// The row of its device is locked meanwhile, so a stop that is released at the same time is either
/// sent or cancelled.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid; nothing is recorded in that case.
pub async fn cancel(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: CommandId,
    by: &Actor,
    now: DateTime<Utc>,
) -> Result<Option<RecordedCommand>, StorageError> {
    let found = find(connection, bound, id).await?;
    let Some(waiting) = found.as_ref().filter(|found| found.record.life.state() == CommandState::Waiting)
    else {
        return Ok(found);
    };
    let device = waiting.record.charge_point_id.as_str();
    connection
        .transaction(async |tx| {
            lock_devices(tx, vec![device]).await?;
            let named = Named { devices: vec![device], ids: vec![id.0] };
            let rows: Vec<CommandRow> = Bulk(named).load(tx).await?;
            for row in rows {
                let mut record = row.into_record()?;
                if record.cancel(by.clone(), now) == Merged::Changed {
                    write(tx, &[(now, record)]).await?;
                }
            }
            Ok::<_, StorageError>(())
        })
        .await?;
    find(connection, bound, id).await
}
