//! The commands that events may still refer to.

use super::row::{CommandColumns, CommandRow, command_columns};
use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::commands::CommandRecord;
use domain::commands::pending::Awaited;
use domain::ids::{ChargePointId, CommandId, SessionId};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The `wanted` commands by device: all open ones of a device (`None`), or the one with an id. The
/// devices' rows must be locked.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub(crate) async fn load_awaited(
    tx: &mut Connection,
    wanted: &[(&str, Option<CommandId>)],
) -> Result<BTreeMap<String, Awaited>, StorageError> {
    let mut found: BTreeMap<String, Vec<CommandRecord>> = BTreeMap::new();
    if !wanted.is_empty() {
        let (devices, ids) = wanted.iter().map(|(device, id)| (*device, id.map(|id| id.0))).unzip();
        let rows: Vec<CommandRow> = Bulk(WantedCommands { devices, ids }).load(tx).await?;
        for row in rows {
            let record = row.into_record()?;
            found.entry(record.charge_point_id.to_string()).or_default().push(record);
        }
    }
    Ok(found.into_iter().map(|(device, records)| (device, records.into_iter().collect())).collect())
}

/// By device: all open commands (`None`), or one.
struct WantedCommands<'a> {
    devices: Vec<&'a str>,
    ids: Vec<Option<Uuid>>,
}

impl Rows for WantedCommands<'_> {
    type Statement = WantedCommands<'static>;
    const SQL: &'static str = concat!(
        "select ",
        command_columns!(),
        " from unnest($1::text[], $2::uuid[]) as wanted (device, named)
         cross join lateral (
           select * from commands where charge_point_id = device and open and named is null
           union all
           select * from commands where id = named and charge_point_id = device
         ) as command"
    );

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.devices)?;
        columns.push::<Nullable<SqlUuid>, _>(&self.ids)
    }
}

impl Lookup for WantedCommands<'_> {
    type Answer = CommandColumns;
}

/// The commands in `named`, and those whose effect or goal is one of the `withdrawn` sessions. The
/// devices' rows must be locked.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub(crate) async fn load_relinked(
    tx: &mut Connection,
    named: &[(&ChargePointId, CommandId)],
    withdrawn: &[(&ChargePointId, SessionId)],
) -> Result<Vec<CommandRecord>, StorageError> {
    if named.is_empty() && withdrawn.is_empty() {
        return Ok(Vec::new());
    }
    let named = named.iter().map(|(device, id)| (device.as_str(), Some(id.0), None));
    let withdrawn = withdrawn.iter().map(|(device, id)| (device.as_str(), None, Some(id.0)));
    let mut wanted = RelinkedCommands::default();
    for (device, command, session) in named.chain(withdrawn) {
        wanted.devices.push(device);
        wanted.ids.push(command);
        wanted.sessions.push(session);
    }
    let rows: Vec<CommandRow> = Bulk(wanted).load(tx).await?;
    let mut records: Vec<CommandRecord> =
        rows.into_iter().map(CommandRow::into_record).collect::<Result<_, _>>()?;
    records.sort_by_key(|record| record.id);
    records.dedup_by_key(|record| record.id);
    Ok(records)
}

/// By device: a command by its id, or the commands of a session.
#[derive(Default)]
struct RelinkedCommands<'a> {
    devices: Vec<&'a str>,
    ids: Vec<Option<Uuid>>,
    sessions: Vec<Option<Uuid>>,
}

/// The commands of a session are searched among those of the device's piles, which have an index;
/// events that are more than 7 days late are not accepted.
impl Rows for RelinkedCommands<'_> {
    type Statement = RelinkedCommands<'static>;
    const SQL: &'static str = concat!(
        "select ",
        command_columns!(),
        " from unnest($1::text[], $2::uuid[], $3::uuid[]) as wanted (device, named, of_session)
         cross join lateral (
           select * from commands where id = named and charge_point_id = device
           union all
           select * from commands
           where pile_id in (select id from piles where piles.charge_point_id = device)
             and issued_at > clock_timestamp() - interval '8 days'
             and session_id = of_session and charge_point_id = device
         ) as command"
    );

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.devices)?;
        columns.push::<Nullable<SqlUuid>, _>(&self.ids)?;
        columns.push::<Nullable<SqlUuid>, _>(&self.sessions)
    }
}

impl Lookup for RelinkedCommands<'_> {
    type Answer = CommandColumns;
}

/// Writes the lives of commands; the rows of their devices must be locked.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn update_lives(
    tx: &mut Connection,
    records: &[&CommandRecord],
) -> Result<(), StorageError> {
    if records.is_empty() {
        return Ok(());
    }
    let lives: Result<_, _> = records.iter().map(|record| serde_json::to_value(&record.life)).collect();
    let lives = Lives {
        devices: records.iter().map(|record| record.charge_point_id.as_str()).collect(),
        ids: records.iter().map(|record| record.id.0).collect(),
        states: records.iter().map(|record| record.life.state().as_str()).collect(),
        lives: lives.map_err(super::row::impossible)?,
        open: records.iter().map(|record| record.is_open()).collect(),
        sessions: records.iter().map(|record| record.session_id().map(|id| id.0)).collect(),
    };
    Bulk(lives).execute(tx).await?;
    Ok(())
}

struct Lives<'a> {
    devices: Vec<&'a str>,
    ids: Vec<Uuid>,
    states: Vec<&'static str>,
    lives: Vec<serde_json::Value>,
    open: Vec<bool>,
    sessions: Vec<Option<Uuid>>,
}

impl Rows for Lives<'_> {
    type Statement = Lives<'static>;
    const SQL: &'static str = "update commands
         set state = now.state, life = now.life, open = now.open, session_id = now.session_id
         from unnest($1::text[], $2::uuid[], $3::text[], $4::jsonb[], $5::boolean[], $6::uuid[]) as now (device, id, state, life, open, session_id)
         where charge_point_id = now.device and commands.id = now.id";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.devices)?;
        columns.push::<SqlUuid, _>(&self.ids)?;
        columns.push::<Text, _>(&self.states)?;
        columns.push::<Jsonb, _>(&self.lives)?;
        columns.push::<Bool, _>(&self.open)?;
        columns.push::<Nullable<SqlUuid>, _>(&self.sessions)
    }
}
