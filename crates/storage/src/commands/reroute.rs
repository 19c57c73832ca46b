//! Rerouting: commands whose devices were heard through another gateway since are sent once more.

use super::RecordedCommand;
use super::row::CommandRow;
use crate::commands::outcomes::{Named, write};
use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::database::current_schema::lock_key;
use crate::devices::presence::last_heard_at;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Int4, Int8, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::commands::{CommandRecord, GatewayRoute, Sighting};
use domain::ids::{CommandId, GatewayId};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Records that up to `limit` published commands are sent once more because their devices were
/// heard through another gateway since ([`CommandRecord::has_stale_route`]). Returns them with
/// their new gateway and partition, which `route_to` provides. The caller publishes them
/// afterwards: a command is returned only once, even if the caller fails. Safe with any number of
/// callers: one of them works, the others do nothing.
///
/// # Errors
/// If PostgreSQL fails; nothing is recorded in that case.
pub async fn reroute_stale(
    connection: &mut Connection,
    limit: i64,
    route_to: impl Fn(GatewayId) -> GatewayRoute + Send + Sync,
) -> Result<Vec<RecordedCommand>, StorageError> {
    connection
        .transaction(async |tx| {
            let stale = list_stale(tx, limit).await?;
            if stale.is_empty() {
                return Ok(Vec::new());
            }
            let devices = lock_sighted(tx, &stale).await?;
            // Loaded again under the locks: an answer may have arrived meanwhile.
            let mut commands = load(tx, &stale).await?;
            let (mut rerouted, mut learnt) = (Vec::new(), Vec::new());
            for Stale { id, charge_point_id, now } in stale {
                let Some((gateway_id, heard_at)) = devices.get(&charge_point_id) else { continue };
                let Some(mut command) = commands.remove(&CommandId(id)) else { continue };
                if command.record.has_stale_route(Sighting { gateway_id, heard_at: *heard_at }, now) {
                    let route = route_to(gateway_id.clone());
                    command.partition = route.partition;
                    command.record.reroute(route, now);
                    learnt.push((now, command.record.clone()));
                    rerouted.push(command);
                }
            }
            update_routes(tx, &rerouted).await?;
            write(tx, &learnt).await?;
            Ok(rerouted)
        })
        .await
}

#[derive(QueryableByName)]
struct Stale {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

/// Commands with a seemingly stale route; none while another transaction reroutes some, so that two
/// transactions never wait for each other.
async fn list_stale(tx: &mut Connection, limit: i64) -> QueryResult<Vec<Stale>> {
    diesel::sql_query(concat!(
        "select command.id, command.charge_point_id, clock_timestamp() as now
         from commands command join charge_points device using (charge_point_id)
         where command.open and command.state = 'published' and command.expires_at > statement_timestamp()
           and command.name = any($1)
           and device.online and device.gateway_id <> command.gateway_id
           and ",
        last_heard_at!("device"),
        " > command.issued_at
           and not command.life @> '{\"since\": [{\"step\": \"rerouted\"}]}'
           and (select pg_try_advisory_xact_lock(",
        lock_key!("charging command reroute"),
        "))
         order by command.expires_at limit $2"
    ))
    .bind::<Array<Text>, _>(CommandRecord::repeatable())
    .bind::<Int8, _>(limit)
    .load(tx)
    .await
}

/// Locks devices in key order; returns the gateway and time of the last event of those that are
/// online.
async fn lock_sighted(
    tx: &mut Connection,
    stale: &[Stale],
) -> Result<BTreeMap<String, (GatewayId, DateTime<Utc>)>, StorageError> {
    let mut ids: Vec<&str> = stale.iter().map(|stale| stale.charge_point_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows: Vec<(String, String, DateTime<Utc>)> = Bulk(Sighted { ids }).load(tx).await?;
    let sighted = rows.into_iter().map(|(id, gateway, at)| Ok((id, (GatewayId::parse(&gateway)?, at))));
    sighted
        .collect::<Result<_, domain::text::InvalidText>>()
        .map_err(|error| StorageError::inconsistent("charge_points", error))
}

struct Sighted<'a> {
    ids: Vec<&'a str>,
}

impl Rows for Sighted<'_> {
    type Statement = Sighted<'static>;
    const SQL: &'static str = concat!(
        "select charge_point_id, gateway_id, ",
        last_heard_at!("device"),
        " from unnest($1::text[]) as wanted (id) join charge_points as device on charge_point_id = id
         where online and gateway_id is not null and seen_appended_at is not null
         order by charge_point_id for update of device"
    );

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.ids)
    }
}

impl Lookup for Sighted<'_> {
    type Answer = (Text, Text, Timestamptz);
}

async fn load(
    tx: &mut Connection,
    stale: &[Stale],
) -> Result<BTreeMap<CommandId, RecordedCommand>, StorageError> {
    let (devices, ids) = stale.iter().map(|stale| (stale.charge_point_id.as_str(), stale.id)).unzip();
    let rows: Vec<CommandRow> = Bulk(Named { devices, ids }).load(tx).await?;
    let commands = rows.into_iter().map(|row| row.into_recorded(None).map(|found| (found.record.id, found)));
    commands.collect()
}

async fn update_routes(tx: &mut Connection, rerouted: &[RecordedCommand]) -> Result<(), StorageError> {
    if rerouted.is_empty() {
        return Ok(());
    }
    let routes = RoutesOf {
        devices: rerouted.iter().map(|command| command.record.charge_point_id.as_str()).collect(),
        ids: rerouted.iter().map(|command| command.record.id.0).collect(),
        gateways: rerouted.iter().map(|command| command.record.gateway_id.as_str()).collect(),
        partitions: rerouted.iter().map(|command| command.partition).collect(),
    };
    Bulk(routes).execute(tx).await?;
    Ok(())
}

struct RoutesOf<'a> {
    devices: Vec<&'a str>,
    ids: Vec<Uuid>,
    gateways: Vec<&'a str>,
    partitions: Vec<i32>,
}

impl Rows for RoutesOf<'_> {
    type Statement = RoutesOf<'static>;
    const SQL: &'static str = "update commands
         set gateway_id = now.gateway_id, partition = now.partition
         from unnest($1::text[], $2::uuid[], $3::text[], $4::integer[]) as now (device, id, gateway_id, partition)
         where charge_point_id = now.device and commands.id = now.id";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.devices)?;
        columns.push::<SqlUuid, _>(&self.ids)?;
        columns.push::<Text, _>(&self.gateways)?;
        columns.push::<Int4, _>(&self.partitions)
    }
}
