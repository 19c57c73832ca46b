//! Outcomes that are not recorded by ingestors: the outcome of publications, and expiry.

mod published;

use super::keys;
use super::row::{CommandRow, command_columns};
use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::database::current_schema::lock_key;
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::commands::{CommandRecord, CommandState, FailureCode, Step};
use domain::feed::{CommandChanged, FeedChange, FeedKind, FeedSubject};
use domain::ids::{ChargePointId, CommandId, GatewayId};
use domain::merged::Merged;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// The outcome of a publication, to be recorded on its command.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishOutcome {
    /// Id of the command.
    pub id: CommandId,
    /// The command's device.
    pub charge_point_id: ChargePointId,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The step in the command's life.
    pub step: Step,
    /// The command as the caller inserted it, if the caller did: then a publication is usually the
    /// next that happens to it.
    pub inserted: Option<Box<CommandRecord>>,
}

/// Records the outcomes of publications; outcomes that are already recorded, or come too late,
/// change nothing. Publications of commands to which nothing else has happened are recorded in one
/// statement.
///
/// # Errors
/// If PostgreSQL fails; some may be recorded in that case, and a repeated call records the others.
pub async fn record_outcomes(
    connection: &mut Connection,
    outcomes: &[PublishOutcome],
) -> Result<(), StorageError> {
    let recorded = published::record(connection, outcomes).await?;
    let others: Vec<&PublishOutcome> =
        outcomes.iter().filter(|outcome| !recorded.contains(&outcome.id)).collect();
    if others.is_empty() { Ok(()) } else { merge(connection, &others).await }
}

/// Merges outcomes with what has happened to their commands since.
async fn merge(connection: &mut Connection, outcomes: &[&PublishOutcome]) -> Result<(), StorageError> {
    connection
        .transaction(async |tx| {
            let devices = outcomes.iter().map(|outcome| outcome.charge_point_id.as_str()).collect();
            lock_devices(tx, devices).await?;
            let mut records = load(
                tx,
                outcomes.iter().map(|outcome| (outcome.charge_point_id.as_str(), outcome.id.0)).unzip(),
            )
            .await?;
            let mut learnt = Vec::new();
            for outcome in outcomes {
                if let Some(record) = records.get_mut(&outcome.id)
                    && record.life.apply(outcome.at, outcome.step.clone()) != Merged::Known
                {
                    learnt.push((outcome.at, record.clone()));
                }
            }
            write(tx, &learnt).await
        })
        .await
}

/// Ends up to `limit` commands that are still without a response `grace` after their expiry, by
/// PostgreSQL's clock, and returns them; with `within`, only those that expired at most this long
/// ago. Safe with any number of callers: one of them works, the others do nothing.
///
/// # Errors
/// If PostgreSQL fails; nothing is written in that case.
pub async fn expire_due(
    connection: &mut Connection,
    grace: Duration,
    within: Option<Duration>,
    limit: i64,
) -> Result<Vec<CommandRecord>, StorageError> {
    connection
        .transaction(async |tx| {
            let due = list_due(tx, grace, within, limit).await?;
            if due.is_empty() {
                return Ok(Vec::new());
            }
            let devices = due.iter().map(|due| due.charge_point_id.as_str()).collect();
            let gateways = lock_devices(tx, devices).await?;
            // Loaded again under the locks: an answer may have arrived meanwhile.
            let mut records =
                load(tx, due.iter().map(|due| (due.charge_point_id.as_str(), due.id)).unzip()).await?;
            let mut ended = Vec::new();
            for Due { id, now, .. } in due {
                let Some(record) = records.get_mut(&CommandId(id)) else { continue };
                let current = gateways.get(record.charge_point_id.as_str()).cloned().flatten();
                let moved_to = current.filter(|gateway| *gateway != record.gateway_id);
                if record.expire(now, moved_to) == Merged::Changed {
                    ended.push((now, record.clone()));
                }
            }
            write(tx, &ended).await?;
            Ok(ended.into_iter().map(|(_, record)| record).collect())
        })
        .await
}

/// Closes up to `limit` commands that expired longer than `window` ago, so that effects are no
/// longer awaited; returns how many. A start whose connector was seen charging stays open for 7
/// days: its session may become visible with a rare meter reading, or with its stop.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn close_past(
    connection: &mut Connection,
    window: Duration,
    limit: i64,
) -> Result<usize, StorageError> {
    let closed = diesel::sql_query(
        "update commands set open = false where (charge_point_id, id) in (
           select charge_point_id, id from commands
           where open and state in ('confirmed', 'expired')
             and expires_at < statement_timestamp() - make_interval(secs => $1)
             and not (name = 'RemoteStartTransaction' and session_id is null
                      and expires_at > statement_timestamp() - interval '7 days'
                      and life @? '$.**.status ? (@ == \"Charging\" || @ == \"SuspendedEV\" || @ == \"SuspendedEVSE\")')
           order by expires_at limit $2 for update skip locked)",
    )
    .bind::<Float8, _>(window.as_secs_f64())
    .bind::<Int8, _>(limit)
    .execute(connection)
    .await?;
    Ok(closed)
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

/// The commands that are due; none while another transaction ends some, so that two transactions
/// never wait for each other.
///
/// The bounds are stable during the statement, so that they bound the part of the index that is
/// read: commands that are not past their time, and those that have ended and may still take effect,
/// are many.
async fn list_due(
    tx: &mut Connection,
    grace: Duration,
    within: Option<Duration>,
    limit: i64,
) -> QueryResult<Vec<Due>> {
    diesel::sql_query(concat!(
        "select id, charge_point_id, clock_timestamp() as now from commands
         where open and state in ('accepted', 'published', 'unknown')
           and expires_at < statement_timestamp() - make_interval(secs => $1)
           and expires_at >= coalesce(statement_timestamp() - make_interval(secs => $2), '-infinity')
           and (select pg_try_advisory_xact_lock(",
        lock_key!("charging command expiry"),
        "))
         order by expires_at limit $3"
    ))
    .bind::<Float8, _>(grace.as_secs_f64())
    .bind::<Nullable<Float8>, _>(within.map(|within| within.as_secs_f64()))
    .bind::<Int8, _>(limit)
    .load(tx)
    .await
}

/// Locks devices in key order and returns the gateways of their last events.
pub(super) async fn lock_devices(
    tx: &mut Connection,
    mut ids: Vec<&str>,
) -> Result<BTreeMap<String, Option<GatewayId>>, StorageError> {
    ids.sort_unstable();
    ids.dedup();
    let rows: Vec<(String, Option<String>)> = Bulk(Devices { ids }).load(tx).await?;
    let parsed =
        rows.into_iter().map(|(id, gateway)| Ok((id, gateway.as_deref().map(GatewayId::parse).transpose()?)));
    parsed
        .collect::<Result<_, domain::text::InvalidText>>()
        .map_err(|error| StorageError::inconsistent("charge_points", error))
}

struct Devices<'a> {
    ids: Vec<&'a str>,
}

impl Rows for Devices<'_> {
    type Statement = Devices<'static>;
    const SQL: &'static str = "select charge_point_id, gateway_id from unnest($1::text[]) as wanted (id) join charge_points on charge_point_id = id
         order by charge_point_id for update of charge_points";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.ids)
    }
}

impl Lookup for Devices<'_> {
    type Answer = (Text, Nullable<Text>);
}

async fn load(
    tx: &mut Connection,
    (devices, ids): (Vec<&str>, Vec<Uuid>),
) -> Result<BTreeMap<CommandId, CommandRecord>, StorageError> {
    let rows: Vec<CommandRow> = Bulk(Named { devices, ids }).load(tx).await?;
    let records = rows.into_iter().map(|row| row.into_record().map(|record| (record.id, record)));
    records.collect()
}

/// Commands by device and id.
pub(super) struct Named<'a> {
    pub(super) devices: Vec<&'a str>,
    pub(super) ids: Vec<Uuid>,
}

impl Rows for Named<'_> {
    type Statement = Named<'static>;
    const SQL: &'static str = concat!(
        "select ",
        command_columns!(),
        " from unnest($1::text[], $2::uuid[]) as wanted (device, named)
         join commands as command on command.charge_point_id = device and command.id = named"
    );

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.devices)?;
        columns.push::<SqlUuid, _>(&self.ids)
    }
}

impl Lookup for Named<'_> {
    type Answer = super::row::CommandColumns;
}

/// Writes commands and appends each change to the feed; the last of several records of one command
/// is stored.
pub(super) async fn write(
    tx: &mut Connection,
    learnt: &[(DateTime<Utc>, CommandRecord)],
) -> Result<(), StorageError> {
    let last: BTreeMap<CommandId, &CommandRecord> =
        learnt.iter().map(|(_, record)| (record.id, record)).collect();
    let records: Vec<&CommandRecord> = last.values().copied().collect();
    super::update_lives(tx, &records).await?;
    let unpublished = records.iter().filter(|record| {
        record.life.state() == CommandState::Failed
            && record.life.failure().is_some_and(|failure| failure.code == FailureCode::NotPublished)
    });
    let unpublished: Vec<CommandId> = unpublished.map(|record| record.id).collect();
    keys::free(tx, &unpublished).await?;
    let changes: Vec<FeedChange> = learnt.iter().map(|(at, record)| change(record, *at)).collect();
    feed::append(tx, &changes).await
}

/// The feed change of `record` at `at`.
pub(super) fn change(record: &CommandRecord, at: DateTime<Utc>) -> FeedChange {
    FeedChange {
        subject: FeedSubject::ChargePoint(record.charge_point_id.clone()),
        at,
        kind: FeedKind::CommandChanged(CommandChanged::of(record)),
    }
}
