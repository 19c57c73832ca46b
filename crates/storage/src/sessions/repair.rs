//! Finding and repairing recorded sessions that differ from what their ledgers derive.

use super::read::{SessionRow, by_device};
use crate::devices::charge_points;
use crate::{Connection, LoadPlan, StorageError, feed, sessions};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Int8, Nullable, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::devices::charge_point::ChargePoint;
use domain::feed::FeedChange;
use domain::ids::ChargePointId;
use domain::sessions::repair::{Defect, Repair, find_repairs};
use domain::sessions::session::ChargingSession;
use std::collections::BTreeMap;

/// How many of a device's newest sessions are compared, in addition to all open ones. A ledger
/// contains fewer.
const NEWEST: i64 = 200;

#[derive(QueryableByName)]
struct Device {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
}

/// Up to `limit` devices that have a ledger, in ascending order of id; with `after`, those with
/// greater ids.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list_devices(
    connection: &mut Connection,
    after: Option<&ChargePointId>,
    limit: i64,
) -> Result<Vec<ChargePointId>, StorageError> {
    let rows: Vec<Device> = diesel::sql_query(
        "select charge_point_id from session_ledgers where charge_point_id > coalesce($1, '')
         order by charge_point_id limit $2",
    )
    .bind::<Nullable<Text>, _>(after.map(ChargePointId::as_str))
    .bind::<Int8, _>(limit)
    .load(connection)
    .await?;
    rows.into_iter().map(|row| ChargePointId::parse(&row.charge_point_id).map_err(super::broken)).collect()
}

/// Compares the recorded sessions of `devices` with the sessions that their ledgers derive. With
/// `write`, also corrects the recorded sessions and publishes the changes in the feed. Each
/// device's row is locked meanwhile, so that ingestors wait. Sessions that began before `kept_since` are
/// not missing: they may have been archived.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn repair(
    connection: &mut Connection,
    devices: Vec<ChargePointId>,
    write: bool,
    kept_since: Option<DateTime<Utc>>,
) -> Result<Vec<Repair>, StorageError> {
    connection
        .transaction(async |tx| {
            let states = charge_points::load_for_update(tx, &LoadPlan::ledgers_of(devices)).await?;
            let mut recorded = load(tx, &states).await?;
            let mut found = Vec::new();
            for state in &states {
                let held = recorded.remove(state.id.as_str()).unwrap_or_default();
                let mut repairs = find_repairs(state, &held);
                repairs.retain(|repair| !is_archived(repair, kept_since));
                if write {
                    apply(tx, state, &repairs).await?;
                }
                found.extend(repairs);
            }
            Ok(found)
        })
        .await
}

fn is_archived(repair: &Repair, kept_since: Option<DateTime<Utc>>) -> bool {
    repair.defect == Defect::Missing && kept_since.is_some_and(|since| repair.correct.started_at < since)
}

async fn apply(tx: &mut Connection, state: &ChargePoint, repairs: &[Repair]) -> Result<(), StorageError> {
    let correctable = || repairs.iter().filter(|repair| repair.defect.is_correctable());
    let correct: Vec<ChargingSession> = correctable().map(|repair| repair.correct.clone()).collect();
    let mut changes: Vec<FeedChange> = correctable().map(|repair| repair.to_change(state)).collect();
    let places = sessions::upsert_many(tx, &correct).await?;
    sessions::place_changes(&mut changes, &places);
    feed::append(tx, &changes).await
}

async fn load(
    tx: &mut Connection,
    states: &[ChargePoint],
) -> Result<BTreeMap<String, Vec<ChargingSession>>, StorageError> {
    let devices: Vec<&str> = states.iter().map(|state| state.id.as_str()).collect();
    let rows: Vec<SessionRow> = diesel::sql_query(concat!(
        "select session.* from unnest($1) as wanted (device)
         cross join lateral (
           (select ",
        session_columns!(),
        " from sessions where charge_point_id = device order by started_at desc limit $2)
           union
           (select ",
        session_columns!(),
        " from sessions where charge_point_id = device and ended_at is null)) as session"
    ))
    .bind::<Array<Text>, _>(devices)
    .bind::<Int8, _>(NEWEST)
    .load(tx)
    .await?;
    by_device(rows)
}
