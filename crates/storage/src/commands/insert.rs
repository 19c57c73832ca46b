//! Inserting commands before anything is published: several at once, in one statement.

use super::keys::key_text;
use super::row::impossible;
use super::{KeyedRequest, RecordedCommand};
use crate::commands::outcomes::change;
use crate::database::bulk::{self, Bulk, Rows};
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{
    Binary, Bool, Int2, Int4, Int8, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use domain::commands::{Command, CommandLife, CommandRecord, Goal, RouteSource};
use domain::devices::presence::Confidence;
use domain::feed::FeedChange;
use domain::ids::{Actor, GatewayId, PileId};
use domain::sessions::limits::SessionLimits;
use uuid::Uuid;

/// A command to record.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCommand {
    /// The command.
    pub command: Command,
    /// The pile that the command is for.
    pub pile_id: PileId,
    /// The partition that the gateway reads.
    pub partition: i32,
    /// The OCPP 1.6 request body.
    pub payload: serde_json::Value,
    /// The effect that would show that the command was executed; `None` if there is none.
    pub goal: Option<Goal>,
    /// How the gateway was found.
    pub route: RouteSource,
    /// Redis was unavailable: the gateway is the one of the device's last event.
    pub degraded: bool,
    /// The gateway of the device's last event, if it is a different one.
    pub seen_gateway_id: Option<GatewayId>,
    /// How far the device's online state is trusted.
    pub confidence: Confidence,
    /// The `sub` of the caller; `None` for a stop that the platform sends by itself.
    pub issued_by: Option<Actor>,
    /// The caller's idempotency key, if any.
    pub keyed: Option<KeyedRequest>,
    /// The limits of the session that the command starts; `None` for other commands.
    pub limits: Option<SessionLimits>,
}

/// The result of recording commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// All commands were recorded.
    All,
    /// No command was recorded, because of this conflict.
    None(Conflict),
}

/// Why a command cannot be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The caller's key already belongs to a command.
    Key,
    /// The command is a start, and another start is in flight on the connector.
    StartInFlight,
    /// A command with this id is recorded already.
    Id,
    /// The command is a stop that waits, and another one waits for the same session.
    StopWaiting,
}

impl NewCommand {
    /// The command's initial record.
    #[must_use]
    pub fn to_record(&self) -> CommandRecord {
        let command = &self.command;
        CommandRecord {
            id: command.id,
            pile_id: self.pile_id,
            charge_point_id: command.charge_point_id.clone(),
            name: command.kind.name().to_owned(),
            goal: self.goal.clone(),
            gateway_id: command.gateway_id.clone(),
            route: Some(self.route),
            issued_by: self.issued_by.clone(),
            issued_at: command.issued_at,
            expires_at: command.expires_at,
            life: CommandLife::accepted(command.issued_at),
        }
    }

    fn to_recorded(&self) -> RecordedCommand {
        let transaction_id = match &self.goal {
            Some(Goal::Stopped { transaction_id, .. }) => Some(transaction_id.clone()),
            _ => None,
        };
        RecordedCommand {
            record: self.to_record(),
            payload: self.payload.clone(),
            partition: self.partition,
            trace_id: self.command.trace_id.clone(),
            connector_id: self.command.kind.connector_id(),
            transaction_id,
            degraded: self.degraded,
            seen_gateway_id: self.seen_gateway_id.clone(),
            confidence: self.confidence,
            limits: self.limits,
        }
    }
}

/// Records `new` as accepted, with their keys and feed changes: all of them, or none.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert_many(connection: &mut Connection, new: &[NewCommand]) -> Result<Recorded, StorageError> {
    // Sorted by key, so that two transactions that insert the same keys do not deadlock.
    let mut ordered: Vec<&NewCommand> = new.iter().collect();
    ordered
        .sort_by_cached_key(|new| new.keyed.as_ref().map(|keyed| (keyed.key.text(), keyed.key.of_caller())));
    let recorded: Vec<RecordedCommand> = ordered.iter().map(|new| new.to_recorded()).collect();
    let mut columns = Columns::default();
    for (new, recorded) in ordered.into_iter().zip(&recorded) {
        columns.push(recorded, new.keyed.as_ref(), new.limits)?;
    }
    insert(connection, columns, &recorded).await
}

/// Records a stop that waits, with its key and its feed change. Its goal is
/// [`Goal::SessionEnded`], and nothing is published before it is
/// [released](super::waiting::release).
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert_waiting(
    connection: &mut Connection,
    stop: &RecordedCommand,
    keyed: Option<&KeyedRequest>,
) -> Result<Recorded, StorageError> {
    let mut columns = Columns::default();
    columns.push(stop, keyed, None)?;
    insert(connection, columns, std::slice::from_ref(stop)).await
}

async fn insert(
    connection: &mut Connection,
    mut columns: Columns<'_>,
    commands: &[RecordedCommand],
) -> Result<Recorded, StorageError> {
    let changes: Vec<FeedChange> =
        commands.iter().map(|command| change(&command.record, command.record.issued_at)).collect();
    (columns.chunk, columns.chunk_size) = feed::render_beside(&changes, commands.len())?;
    match Bulk(columns).execute(connection).await {
        Ok(_) => Ok(Recorded::All),
        Err(error) => conflict(&error).map(Recorded::None).ok_or_else(|| error.into()),
    }
}

fn conflict(error: &DieselError) -> Option<Conflict> {
    let DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) = error else { return None };
    match info.constraint_name()? {
        "idempotency_keys_pkey" | "idempotency_keys_of_caller" => Some(Conflict::Key),
        "start_in_flight" => Some(Conflict::StartInFlight),
        "commands_pkey" => Some(Conflict::Id),
        "waiting_stop_of_session" => Some(Conflict::StopWaiting),
        _ => None,
    }
}

/// Commands as columns.
#[derive(Default)]
struct Columns<'a> {
    id: Vec<Uuid>,
    pile_id: Vec<Uuid>,
    charge_point_id: Vec<&'a str>,
    name: Vec<&'a str>,
    state: Vec<&'static str>,
    payload: Vec<&'a serde_json::Value>,
    gateway_id: Vec<&'a str>,
    partition: Vec<i32>,
    issued_at: Vec<DateTime<Utc>>,
    expires_at: Vec<DateTime<Utc>>,
    trace_id: Vec<Option<&'a str>>,
    life: Vec<serde_json::Value>,
    connector_id: Vec<Option<i16>>,
    id_tag: Vec<Option<&'a str>>,
    transaction_id: Vec<Option<&'a str>>,
    session_id: Vec<Option<Uuid>>,
    degraded: Vec<bool>,
    seen_gateway_id: Vec<Option<&'a str>>,
    route: Vec<Option<&'static str>>,
    confidence: Vec<Option<&'static str>>,
    issued_by: Vec<Option<&'a str>>,
    key: Vec<Option<String>>,
    caller_key: Vec<Option<Vec<u8>>>,
    digest: Vec<Option<i64>>,
    sha256: Vec<Option<Vec<u8>>>,
    limits: Vec<Option<serde_json::Value>>,
    chunk: Vec<Option<String>>,
    chunk_size: Vec<Option<i32>>,
}

impl<'a> Columns<'a> {
    fn push(
        &mut self,
        new: &'a RecordedCommand,
        keyed: Option<&'a KeyedRequest>,
        limits: Option<SessionLimits>,
    ) -> Result<(), StorageError> {
        let record = &new.record;
        self.id.push(record.id.0);
        self.pile_id.push(record.pile_id.0);
        self.charge_point_id.push(record.charge_point_id.as_str());
        self.name.push(&record.name);
        self.state.push(record.life.state().as_str());
        self.payload.push(&new.payload);
        self.gateway_id.push(record.gateway_id.as_str());
        self.partition.push(new.partition);
        self.issued_at.push(record.issued_at);
        self.expires_at.push(record.expires_at);
        self.trace_id.push(new.trace_id.as_deref());
        self.life.push(serde_json::to_value(&record.life).map_err(impossible)?);
        let connector = new.connector_id.map(|id| i16::try_from(id.number())).transpose();
        self.connector_id.push(connector.map_err(impossible)?);
        let (id_tag, transaction) = match &record.goal {
            Some(Goal::Charging { id_tag, .. }) => (Some(id_tag.as_str()), None),
            Some(Goal::Stopped { transaction_id, .. }) => (None, Some(transaction_id.as_str())),
            Some(Goal::SessionEnded { .. } | Goal::Restarted) | None => (None, None),
        };
        self.id_tag.push(id_tag);
        self.transaction_id.push(transaction);
        self.session_id.push(record.session_id().map(|id| id.0));
        self.degraded.push(new.degraded);
        self.seen_gateway_id.push(new.seen_gateway_id.as_ref().map(|id| id.as_str()));
        self.route.push(record.route.map(RouteSource::as_str));
        let confidence = Some(new.confidence).filter(|confidence| *confidence != Confidence::Live);
        self.confidence.push(confidence.map(Confidence::as_str));
        self.issued_by.push(record.issued_by.as_ref().map(Actor::as_str));
        self.key.push(keyed.map(|keyed| keyed.key.text()));
        self.caller_key.push(keyed.and_then(|keyed| keyed.key.of_caller()));
        self.digest.push(keyed.map(|keyed| keyed.digest.earlier()));
        self.sha256.push(keyed.map(|keyed| keyed.digest.sha256()));
        self.limits.push(limits.map(serde_json::to_value).transpose().map_err(impossible)?);
        Ok(())
    }
}

/// One round trip and one transaction. Devices are locked first, in key order, as ingestors do, and
/// everything else waits for the locks: the id of the feed's chunk is drawn only then.
impl Rows for Columns<'_> {
    type Statement = Columns<'static>;
    const SQL: &'static str = concat!(
        "with new as materialized (select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::text[],
           $7::integer[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::jsonb[],
           $12::smallint[], $13::text[], $14::text[], $15::uuid[], $16::boolean[],
           $17::text[], $18::text[], $19::text[], $20::text[], $21::bigint[], $22::text[],
           $23::integer[], $24::text[], $25::jsonb[], $26::text[],
           $27::bytea[], $28::bytea[]) as new
           (id, pile_id, charge_point_id, name, payload, gateway_id, partition, issued_at, expires_at, trace_id, life,
            connector_id, id_tag, transaction_id, session_id, degraded, seen_gateway_id, route, confidence, key, digest,
            chunk, chunk_size, state, limits, issued_by, caller_key, sha256)),
         locked as materialized (
           select count(*) from (
             select 1 from new join charge_points using (charge_point_id)
             order by charge_points.charge_point_id for update of charge_points) as held),
         recorded as (
           insert into commands
             (id, pile_id, charge_point_id, name, payload, state, gateway_id, partition, issued_at, expires_at, trace_id,
              life, connector_id, id_tag, transaction_id, session_id, degraded, seen_gateway_id, route, confidence,
              issued_by)
           select id, pile_id, charge_point_id, name, payload, state, gateway_id, partition, issued_at, expires_at,
                  trace_id, life, connector_id, id_tag, transaction_id, session_id, degraded, seen_gateway_id, route, confidence,
                  issued_by
           from new, locked),
         asked as (
           insert into device_probes (charge_point_id, boot_asked_at)
           select charge_point_id, max(issued_at) from new, locked
           where name = 'TriggerMessage' and payload ->> 'requestedMessage' = 'BootNotification'
           group by charge_point_id order by charge_point_id collate \"C\"
           on conflict (charge_point_id) do update set boot_asked_at = excluded.boot_asked_at),
         named as (
           insert into idempotency_keys (key, caller_key, request_digest, request_sha256, command_id)
           select ",
        key_text!(),
        ", caller_key, digest, sha256, id from new, locked where key is not null),
         limited as (
           insert into session_limits (command_id, limits)
           select id, limits from new, locked where limits is not null)
         insert into feed_chunks (changes, change_count)
         select chunk::json, chunk_size from new, locked where chunk is not null"
    );

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<SqlUuid, _>(&self.id)?;
        columns.push::<SqlUuid, _>(&self.pile_id)?;
        columns.push::<Text, _>(&self.charge_point_id)?;
        columns.push::<Text, _>(&self.name)?;
        columns.push::<Jsonb, _>(&self.payload)?;
        columns.push::<Text, _>(&self.gateway_id)?;
        columns.push::<Int4, _>(&self.partition)?;
        columns.push::<Timestamptz, _>(&self.issued_at)?;
        columns.push::<Timestamptz, _>(&self.expires_at)?;
        columns.push::<Nullable<Text>, _>(&self.trace_id)?;
        columns.push::<Jsonb, _>(&self.life)?;
        columns.push::<Nullable<Int2>, _>(&self.connector_id)?;
        columns.push::<Nullable<Text>, _>(&self.id_tag)?;
        columns.push::<Nullable<Text>, _>(&self.transaction_id)?;
        columns.push::<Nullable<SqlUuid>, _>(&self.session_id)?;
        columns.push::<Bool, _>(&self.degraded)?;
        columns.push::<Nullable<Text>, _>(&self.seen_gateway_id)?;
        columns.push::<Nullable<Text>, _>(&self.route)?;
        columns.push::<Nullable<Text>, _>(&self.confidence)?;
        columns.push::<Nullable<Text>, _>(&self.key)?;
        columns.push::<Nullable<Int8>, _>(&self.digest)?;
        columns.push::<Nullable<Text>, _>(&self.chunk)?;
        columns.push::<Nullable<Int4>, _>(&self.chunk_size)?;
        columns.push::<Text, _>(&self.state)?;
        columns.push::<Nullable<Jsonb>, _>(&self.limits)?;
        columns.push::<Nullable<Text>, _>(&self.issued_by)?;
        columns.push::<Nullable<Binary>, _>(&self.caller_key)?;
        columns.push::<Nullable<Binary>, _>(&self.sha256)
    }
}
