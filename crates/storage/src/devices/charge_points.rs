//! Charge points as reported by the gateways.

mod prune;
mod row;
mod unregistered;

pub use prune::prune_unregistered;
pub use unregistered::{Unregistered, list_unregistered};

use crate::database::bulk::Bulk;
use crate::devices::presence::probes;
use crate::ingest::load_plan::LoadPlan;
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

/// Parses the confidence column; `None` means live.
///
/// # Errors
/// If the word is unknown.
pub(crate) fn confidence(word: Option<&str>) -> Result<Confidence, StorageError> {
    let Some(word) = word else { return Ok(Confidence::Live) };
    Confidence::parse(word)
        .ok_or_else(|| StorageError::inconsistent("charge_points", format!("confidence {word}")))
}

/// Locks the charge points of `load_plan`, in key order, and loads the parts of their states that
/// the plan names. Creates the rows of devices that were never heard.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn load_for_update(
    tx: &mut Connection,
    load_plan: &LoadPlan,
) -> Result<Vec<ChargePoint>, StorageError> {
    let ids: Vec<&str> = load_plan.charge_points().map(ChargePointId::as_str).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = lock(tx, &ids).await?;
    if rows.len() < ids.len() {
        let known: Vec<&str> = rows.iter().map(|row| row.charge_point_id.as_str()).collect();
        let missing: Vec<&str> = ids.iter().copied().filter(|id| known.binary_search(id).is_err()).collect();
        insert_missing(tx, &missing).await?;
        rows.extend(lock(tx, &missing).await?);
        rows.sort_by(|a, b| a.charge_point_id.cmp(&b.charge_point_id));
    }
    let mut connectors = Connectors::new();
    load_connectors(tx, load_plan.connectors(), &mut connectors).await?;
    let ledgers = {
        let known = |id: &ChargePointId, number| connectors.get(id.as_str())?.get(&number);
        load_plan.ledgers(known, |id| ledger_until(&rows, id))
    };
    // Where a transaction took place and when it began follows from all connectors of the device.
    load_connectors(tx, ledgers.iter().map(|id| (*id, None)), &mut connectors).await?;
    let wanted = load_plan.commands(&ledgers);
    let wanted: Vec<_> = wanted.into_iter().map(|(id, command)| (id.as_str(), command)).collect();
    let ledgers = ledgers.into_iter().map(ChargePointId::as_str).collect();
    let mut ledgers = sessions::load_ledgers(tx, ledgers).await?;
    // Sessions that the last batch ended are recorded, so the ledger may drop them now.
    for (id, ledger) in &mut ledgers {
        ledger.settle(
            &ChargePointId::parse(id)
                .map_err(|error| StorageError::inconsistent("session_ledgers", error))?,
        );
    }
    sessions::recall(tx, &mut ledgers, load_plan).await?;
    let mut awaited = commands::load_awaited(tx, &wanted).await?;
    let asked = probes::load_many(tx, load_plan.booted().map(ChargePointId::as_str).collect()).await?;
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

/// Inserts rows so that they can be locked: without a row, two replicas could both create the state
/// of a new device.
async fn insert_missing(tx: &mut Connection, ids: &[&str]) -> QueryResult<()> {
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

/// By device and connector id.
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

/// Writes the charge points' own columns; the rows must exist and be locked.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn update_many(tx: &mut Connection, states: &[&ChargePoint]) -> Result<(), StorageError> {
    if states.is_empty() {
        return Ok(());
    }
    Bulk(Columns::of(states)?).execute(tx).await?;
    Ok(())
}
