//! Recorded sessions that are no longer in a ledger, for events that arrive late or name one of
//! them.

use super::read::{SessionRow, by_device};
use crate::ingest::load_plan::LoadPlan;
use crate::{Connection, StorageError};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, Int8, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::ids::TransactionId;
use domain::order::MAX_BEHIND;
use domain::sessions::ledger::Ledger;
use domain::sessions::session::ChargingSession;
use std::collections::BTreeMap;

/// Largest number of sessions that are loaded for one device; if it had more, late events are
/// refused as too late.
const MAX_SESSIONS: i64 = 500;
/// How much later than its own events a session may have begun, because clocks differ.
const LATER: TimeDelta = TimeDelta::minutes(2);

/// The period in which recorded sessions began. A session may be open for as long as its events are
/// accepted.
type Span = (DateTime<Utc>, DateTime<Utc>);

/// Adds recorded sessions to the `ledgers`, to which the events of `load_plan` may belong:
///
/// - if events are older than the ledger's memory: the sessions of that time, and the next one on
///   each connector;
/// - sessions with an id that events name and the ledger lacks;
/// - open sessions, if a transaction begins.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub(crate) async fn recall(
    tx: &mut Connection,
    ledgers: &mut BTreeMap<String, Ledger>,
    load_plan: &LoadPlan,
) -> Result<(), StorageError> {
    recall_past(tx, ledgers, load_plan).await?;
    recall_related(tx, ledgers, load_plan).await
}

fn span_of(load_plan: &LoadPlan, device: &str) -> Option<Span> {
    let (earliest, latest) = load_plan.transactions(device)?;
    Some((earliest - MAX_BEHIND, latest + LATER))
}

async fn recall_past(
    tx: &mut Connection,
    ledgers: &mut BTreeMap<String, Ledger>,
    load_plan: &LoadPlan,
) -> Result<(), StorageError> {
    let late = ledgers.iter().filter_map(|(id, ledger)| {
        let (remembered, (earliest, _)) = (ledger.remembers_since()?, load_plan.transactions(id)?);
        let span = span_of(load_plan, id)?;
        (earliest <= remembered).then(|| (id.clone(), span))
    });
    let (devices, spans): (Vec<String>, Vec<Span>) = late.unzip();
    if devices.is_empty() {
        return Ok(());
    }
    let mut recorded = load_past(tx, &devices, &spans).await?;
    let mut next = load_next(tx, &devices, &spans).await?;
    for device in devices {
        let mut sessions = recorded.remove(&device).unwrap_or_default();
        if i64::try_from(sessions.len()).is_ok_and(|count| count < MAX_SESSIONS)
            && let Some(ledger) = ledgers.get_mut(&device)
        {
            sessions.extend(next.remove(&device).unwrap_or_default());
            ledger.recall(sessions);
        }
    }
    Ok(())
}

async fn load_past(
    tx: &mut Connection,
    devices: &[String],
    spans: &[Span],
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

/// The first session on each connector that began after the span: a session before it had ended by
/// then.
async fn load_next(
    tx: &mut Connection,
    devices: &[String],
    spans: &[Span],
) -> Result<BTreeMap<String, Vec<ChargingSession>>, StorageError> {
    let to: Vec<DateTime<Utc>> = spans.iter().map(|(_, to)| *to).collect();
    let rows: Vec<SessionRow> = diesel::sql_query(concat!(
        "select session.* from unnest($1, $2) as wanted (device, began_to)
         cross join lateral (
           select distinct on (connector_id) ",
        session_columns!(),
        " from sessions where charge_point_id = device and started_at > began_to
           order by connector_id, started_at) as session"
    ))
    .bind::<Array<Text>, _>(devices)
    .bind::<Array<Timestamptz>, _>(to)
    .load(tx)
    .await?;
    by_device(rows)
}

async fn recall_related(
    tx: &mut Connection,
    ledgers: &mut BTreeMap<String, Ledger>,
    load_plan: &LoadPlan,
) -> Result<(), StorageError> {
    let mut wanted = Related::default();
    for (id, ledger) in ledgers.iter().filter(|(_, ledger)| ledger.remembers_since().is_some()) {
        let Some(span) = span_of(load_plan, id) else { continue };
        let mut lacking = load_plan.named(id).into_iter().filter(|named| ledger.lacks(named)).peekable();
        if load_plan.begins(id) || lacking.peek().is_some() {
            wanted.devices.push(id);
            lacking.for_each(|transaction| wanted.push(id, transaction, span));
        }
    }
    if wanted.devices.is_empty() {
        return Ok(());
    }
    for (device, sessions) in load_related(tx, &wanted).await? {
        if let Some(ledger) = ledgers.get_mut(&device) {
            ledger.recall_related(sessions);
        }
    }
    Ok(())
}

/// Devices, and transaction ids of some of them with the period in which their sessions began.
#[derive(Default)]
struct Related<'a> {
    devices: Vec<&'a str>,
    naming: Vec<&'a str>,
    ids: Vec<&'a str>,
    from: Vec<DateTime<Utc>>,
    to: Vec<DateTime<Utc>>,
}

impl<'a> Related<'a> {
    fn push(&mut self, device: &'a str, transaction: &'a TransactionId, (from, to): Span) {
        self.naming.push(device);
        self.ids.push(transaction.as_str());
        self.from.push(from);
        self.to.push(to);
    }
}

async fn load_related(
    tx: &mut Connection,
    wanted: &Related<'_>,
) -> Result<BTreeMap<String, Vec<ChargingSession>>, StorageError> {
    let rows: Vec<SessionRow> = diesel::sql_query(concat!(
        "select session.* from unnest($1) as wanted (device)
         cross join lateral (
           select ",
        session_columns!(),
        " from sessions where charge_point_id = device and ended_at is null
           order by started_at desc limit $6) as session
         union
         select session.* from unnest($2, $3, $4, $5) as wanted (device, transaction, began_from, began_to)
         cross join lateral (
           select ",
        session_columns!(),
        " from sessions
           where charge_point_id = device and transaction_id = transaction
             and started_at >= began_from and started_at <= began_to
           order by started_at desc limit $6) as session"
    ))
    .bind::<Array<Text>, _>(&wanted.devices)
    .bind::<Array<Text>, _>(&wanted.naming)
    .bind::<Array<Text>, _>(&wanted.ids)
    .bind::<Array<Timestamptz>, _>(&wanted.from)
    .bind::<Array<Timestamptz>, _>(&wanted.to)
    .bind::<Int8, _>(MAX_SESSIONS)
    .load(tx)
    .await?;
    by_device(rows)
}
