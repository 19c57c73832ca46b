//! Devices as heard through the gateways.

mod row;
mod unregistered;

pub use unregistered::{Unregistered, list_unregistered};

use crate::database::bulk::Bulk;
use crate::devices::presence::probes;
use crate::ingest::load_plan::Touched;
use crate::{Connection, StorageError, commands, sessions};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text};
use diesel_async::RunQueryDsl;
use domain::devices::charge_point::ChargePoint;
use domain::devices::connector::Connector;
use domain::devices::presence::Confidence;
use domain::ids::{ChargePointId, ConnectorId};
use row::{ChargePointRow, Columns, Locked};
use std::collections::BTreeMap;

/// How far a device is trusted to be online, or offline, as its row says.
///
/// # Errors
/// When the word is none.
pub(crate) fn confidence(word: Option<&str>) -> Result<Confidence, StorageError> {
    let Some(word) = word else { return Ok(Confidence::Live) };
    Confidence::parse(word)
        .ok_or_else(|| StorageError::inconsistent("charge_points", format!("confidence {word}")))
}

/// Locks the charge points of `touched`, in key order, and loads their states, so far as `touched` says; a device that was
/// never heard is made first.
///
/// # Errors
/// When Postgres fails or a row cannot be.
pub async fn load_for_update(
    tx: &mut Connection,
    touched: &Touched,
) -> Result<Vec<ChargePoint>, StorageError> {
    let ids: Vec<&str> = touched.charge_points().map(ChargePointId::as_str).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = lock(tx, &ids).await?;
    if rows.len() < ids.len() {
        let known: Vec<&str> = rows.iter().map(|row| row.charge_point_id.as_str()).collect();
        let missing: Vec<&str> = ids.iter().copied().filter(|id| known.binary_search(id).is_err()).collect();
        make(tx, &missing).await?;
        rows.extend(lock(tx, &missing).await?);
        rows.sort_by(|a, b| a.charge_point_id.cmp(&b.charge_point_id));
    }
    let mut connectors = Connectors::new();
    load_connectors(tx, touched.connectors(), &mut connectors).await?;
    let ledgers = {
        let known = |id: &ChargePointId, number| connectors.get(id.as_str())?.get(&number);
        touched.ledgers(known, |id| ledger_until(&rows, id))
    };
    // Where a transaction was and when it began is told by all connectors of its device.
    load_connectors(tx, ledgers.iter().map(|id| (*id, None)), &mut connectors).await?;
    let wanted = touched.commands(&ledgers);
    let wanted: Vec<_> = wanted.into_iter().map(|(id, command)| (id.as_str(), command)).collect();
    let ledgers = ledgers.into_iter().map(ChargePointId::as_str).collect();
    let mut ledgers = sessions::load_ledgers(tx, ledgers).await?;
    // What the last batch ended is written; now it may be forgotten.
    for (id, ledger) in &mut ledgers {
        ledger.settle(
            &ChargePointId::parse(id)
                .map_err(|error| StorageError::inconsistent("session_ledgers", error))?,
        );
    }
    sessions::recall(tx, &mut ledgers, touched).await?;
    let mut awaited = commands::load_awaited(tx, &wanted).await?;
    let asked = probes::load_many(tx, touched.booted().map(ChargePointId::as_str).collect()).await?;
    rows.into_iter()
        .map(|row| {
            let connectors = connectors.remove(&row.charge_point_id).unwrap_or_default();
            let ledger = ledgers.remove(&row.charge_point_id).unwrap_or_default();
            let commands = awaited.remove(&row.charge_point_id).unwrap_or_default();
            let boot_asked_at = asked.get(&row.charge_point_id).and_then(|asked| asked.boot_at);
            let mut state = row.into_state(connectors, ledger, commands)?;
            state.boot_probe.asked_at = boot_asked_at;
            Ok(state)
        })
        .collect()
}

async fn lock(tx: &mut Connection, ids: &[&str]) -> QueryResult<Vec<ChargePointRow>> {
    Bulk(Locked { ids: ids.to_vec() }).load(tx).await
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

/// By device and number.
type Connectors = BTreeMap<String, BTreeMap<ConnectorId, Connector>>;

async fn load_connectors<'a>(
    tx: &mut Connection,
    wanted: impl Iterator<Item = (&'a ChargePointId, Option<ConnectorId>)>,
    found: &mut Connectors,
) -> Result<(), StorageError> {
    for (charge_point, connector) in crate::devices::connectors::load_many(tx, wanted).await? {
        found.entry(charge_point).or_default().insert(connector.id, connector);
    }
    Ok(())
}

fn ledger_until(rows: &[ChargePointRow], id: &ChargePointId) -> Option<DateTime<Utc>> {
    let index = rows.binary_search_by(|row| row.charge_point_id.as_str().cmp(id.as_str())).ok()?;
    rows.get(index)?.ledger_until
}

/// Writes the charge points' own columns; the rows are there and locked.
///
/// # Errors
/// When Postgres fails.
pub(crate) async fn update_many(tx: &mut Connection, states: &[&ChargePoint]) -> Result<(), StorageError> {
    if states.is_empty() {
        return Ok(());
    }
    Bulk(Columns::of(states)?).execute(tx).await?;
    Ok(())
}
