//! Recorded sessions of a time that a ledger has forgotten, for events that come late.

use super::read::{SessionRow, by_device};
use crate::{Connection, StorageError};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, Int8, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::ledger::Ledger;
use domain::order::MAX_BEHIND;
use domain::session::ChargingSession;
use std::collections::BTreeMap;

/// The most sessions that are looked up for one device; of one that had more, late events stay too late.
const MAX_SESSIONS: i64 = 500;
/// How much later than its own events a session may have begun: clocks differ.
const LATER: TimeDelta = TimeDelta::minutes(2);

/// Lends the `ledgers` of devices with late events the sessions that were recorded at that time. `spoken_of` returns the earliest
/// and the latest instant of what is said of a device's transactions.
///
/// # Errors
/// When Postgres fails or a row cannot be.
pub(crate) async fn recall_past(
    tx: &mut Connection,
    ledgers: &mut BTreeMap<String, Ledger>,
    spoken_of: impl Fn(&str) -> Option<(DateTime<Utc>, DateTime<Utc>)>,
) -> Result<(), StorageError> {
    let late = ledgers.iter().filter_map(|(id, ledger)| {
        let (remembered, (earliest, latest)) = (ledger.remembers_since()?, spoken_of(id)?);
        // A session may be open for as long as its events are believed.
        let span = (earliest - MAX_BEHIND, latest + LATER);
        (earliest <= remembered).then(|| (id.clone(), span))
    });
    let (devices, spans): (Vec<String>, Vec<_>) = late.unzip();
    if devices.is_empty() {
        return Ok(());
    }
    let mut recorded = load(tx, &devices, &spans).await?;
    for device in devices {
        let sessions = recorded.remove(&device).unwrap_or_default();
        if i64::try_from(sessions.len()).is_ok_and(|count| count < MAX_SESSIONS)
            && let Some(ledger) = ledgers.get_mut(&device)
        {
            ledger.recall(sessions);
        }
    }
    Ok(())
}

async fn load(
    tx: &mut Connection,
    devices: &[String],
    spans: &[(DateTime<Utc>, DateTime<Utc>)],
) -> Result<BTreeMap<String, Vec<ChargingSession>>, StorageError> {
    let (from, to): (Vec<_>, Vec<_>) = spans.iter().copied().unzip();
    let rows: Vec<SessionRow> = diesel::sql_query(concat!(
        "select session.* from unnest($1, $2, $3) as wanted (device, began_from, began_to)
         cross join lateral (
           select ",
        session_columns!(),
        " from sessions
           where charge_point_id = device and started_at >= began_from and started_at <= began_to
           order by started_at desc limit $4) as session"
    ))
    .bind::<Array<Text>, _>(devices)
    .bind::<Array<Timestamptz>, _>(from)
    .bind::<Array<Timestamptz>, _>(to)
    .bind::<Int8, _>(MAX_SESSIONS)
    .load(tx)
    .await?;
    by_device(rows)
}
