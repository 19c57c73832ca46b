//! Devices as heard through the gateways.

mod row;

use crate::schema::{charge_points, connectors, session_ledgers};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Float8, Int4, Int8, Jsonb, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::charge_point::ChargePoint;
use domain::ids::ChargePointId;
use domain::text::InvalidText;
use row::{ChargePointRow, Columns};
use std::collections::BTreeMap;
use std::time::Duration;

/// Locks the charge points `ids`, in that order, and loads their states; a device that was never heard is made first.
///
/// The ledgers are loaded for `ledgers` only: who does not speak of transactions needs none, and the others' must not be
/// touched.
///
/// # Errors
/// When Postgres fails or a row cannot be.
pub async fn load_for_update(
    tx: &mut Connection,
    ids: &[ChargePointId],
    ledgers: &[ChargePointId],
) -> Result<Vec<ChargePoint>, StorageError> {
    let ids: Vec<&str> = ids.iter().map(ChargePointId::as_str).collect();
    let mut rows = lock(tx, &ids).await?;
    if rows.len() < ids.len() {
        let known: Vec<&str> = rows.iter().map(|row| row.charge_point_id.as_str()).collect();
        let missing: Vec<&str> = ids.iter().copied().filter(|id| known.binary_search(id).is_err()).collect();
        make(tx, &missing).await?;
        rows.extend(lock(tx, &missing).await?);
        rows.sort_by(|a, b| a.charge_point_id.cmp(&b.charge_point_id));
    }
    let mut connectors = load_connectors(tx, &ids).await?;
    let mut ledgers = load_ledgers(tx, ledgers).await?;
    rows.into_iter()
        .map(|row| {
            let connectors = connectors.remove(&row.charge_point_id).unwrap_or_default();
            let ledger = ledgers.remove(&row.charge_point_id).unwrap_or_default();
            row.into_state(connectors, ledger)
        })
        .collect()
}

async fn lock(tx: &mut Connection, ids: &[&str]) -> QueryResult<Vec<ChargePointRow>> {
    charge_points::table
        .filter(charge_points::charge_point_id.eq_any(ids))
        .order(charge_points::charge_point_id)
        .select(ChargePointRow::as_select())
        .for_update()
        .load(tx)
        .await
}

/// A row to be locked: without one, two owners could both take a new device for theirs alone.
async fn make(tx: &mut Connection, ids: &[&str]) -> QueryResult<()> {
    diesel::sql_query(
        "insert into charge_points (charge_point_id, online, last_seen_at)
         select id, false, to_timestamp(0) from unnest($1) as new (id)
         on conflict do nothing",
    )
    .bind::<Array<Text>, _>(ids)
    .execute(tx)
    .await
    .map(drop)
}

type Connectors = BTreeMap<domain::ids::ConnectorId, domain::connector::Connector>;

async fn load_connectors(
    tx: &mut Connection,
    ids: &[&str],
) -> Result<BTreeMap<String, Connectors>, StorageError> {
    let rows: Vec<crate::connectors::ConnectorRow> = connectors::table
        .filter(connectors::charge_point_id.eq_any(ids))
        .select(crate::connectors::ConnectorRow::as_select())
        .load(tx)
        .await?;
    let mut found: BTreeMap<String, Connectors> = BTreeMap::new();
    for row in rows {
        let (charge_point, connector) = row.into_state()?;
        found.entry(charge_point).or_default().insert(connector.id, connector);
    }
    Ok(found)
}

async fn load_ledgers(
    tx: &mut Connection,
    ids: &[ChargePointId],
) -> Result<BTreeMap<String, domain::ledger::Ledger>, StorageError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<&str> = ids.iter().map(ChargePointId::as_str).collect();
    let rows: Vec<(String, serde_json::Value)> = session_ledgers::table
        .filter(session_ledgers::charge_point_id.eq_any(ids))
        .select((session_ledgers::charge_point_id, session_ledgers::ledger))
        .load(tx)
        .await?;
    rows.into_iter()
        .map(|(id, ledger)| {
            let ledger = serde_json::from_value(ledger)
                .map_err(|error| StorageError::inconsistent("session_ledgers", error))?;
            Ok((id, ledger))
        })
        .collect()
}

/// Devices of `partition` that are online but were not heard for longer than `timeout`, by Postgres's clock, at most `limit`;
/// and what that clock shows.
///
/// # Errors
/// When Postgres fails or a row cannot be.
pub(crate) async fn list_silent(
    tx: &mut Connection,
    partition: i32,
    timeout: Duration,
    limit: i64,
) -> Result<Vec<(ChargePointId, DateTime<Utc>)>, StorageError> {
    let rows: Vec<SilentRow> = diesel::sql_query(
        "select charge_point_id, clock_timestamp() as now from charge_points
         where seen_partition = $1 and online and seen_at < clock_timestamp() - make_interval(secs => $2)
         order by charge_point_id limit $3",
    )
    .bind::<Int4, _>(partition)
    .bind::<Float8, _>(timeout.as_secs_f64())
    .bind::<Int8, _>(limit)
    .load(tx)
    .await?;
    let parsed = rows.into_iter().map(|row| Ok((ChargePointId::parse(&row.charge_point_id)?, row.now)));
    parsed
        .collect::<Result<_, InvalidText>>()
        .map_err(|error| StorageError::inconsistent("charge_points", error))
}

#[derive(QueryableByName)]
struct SilentRow {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

/// Writes the charge points' own columns; the rows are there and locked.
///
/// # Errors
/// When Postgres fails.
pub(crate) async fn update_many(tx: &mut Connection, states: &[&ChargePoint]) -> Result<(), StorageError> {
    if states.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(states)?;
    diesel::sql_query(
        "update charge_points set
           online = new.online, last_seen_at = new.last_seen_at, last_heartbeat_at = new.last_heartbeat_at,
           gateway_id = new.gateway_id, seen_at = new.seen_at, seen_appended_at = new.seen_appended_at,
           seen_partition = new.seen_partition, seen_offset = new.seen_offset, seen_event = new.seen_event,
           model = new.model, vendor = new.vendor, firmware_version = new.firmware_version,
           serial_number = new.serial_number, booted_at = new.booted_at, memory = new.memory
         from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
           as new (id, online, last_seen_at, last_heartbeat_at, gateway_id, seen_at, seen_appended_at,
                   seen_partition, seen_offset, seen_event, model, vendor, firmware_version, serial_number,
                   booted_at, memory)
         where charge_point_id = new.id",
    )
    .bind::<Array<Text>, _>(columns.id)
    .bind::<Array<Bool>, _>(columns.online)
    .bind::<Array<Timestamptz>, _>(columns.last_seen_at)
    .bind::<Array<Nullable<Timestamptz>>, _>(columns.last_heartbeat_at)
    .bind::<Array<Nullable<Text>>, _>(columns.gateway_id)
    .bind::<Array<Nullable<Timestamptz>>, _>(columns.seen_at)
    .bind::<Array<Nullable<Timestamptz>>, _>(columns.seen_appended_at)
    .bind::<Array<Nullable<Int4>>, _>(columns.seen_partition)
    .bind::<Array<Nullable<Int8>>, _>(columns.seen_offset)
    .bind::<Array<Nullable<Int8>>, _>(columns.seen_event)
    .bind::<Array<Nullable<Text>>, _>(columns.model)
    .bind::<Array<Nullable<Text>>, _>(columns.vendor)
    .bind::<Array<Nullable<Text>>, _>(columns.firmware_version)
    .bind::<Array<Nullable<Text>>, _>(columns.serial_number)
    .bind::<Array<Nullable<Timestamptz>>, _>(columns.booted_at)
    .bind::<Array<Nullable<Jsonb>>, _>(columns.memory)
    .execute(tx)
    .await?;
    Ok(())
}
