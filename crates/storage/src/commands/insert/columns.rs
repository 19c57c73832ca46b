//! New commands as columns, and the statements that insert them.

use crate::StorageError;
use crate::commands::keys::key_text;
use crate::commands::row::impossible;
use crate::commands::{KeyedRequest, RecordedCommand};
use crate::database::bulk::{self, Rows};
use chrono::{DateTime, Utc};
use diesel::result::QueryResult;
use diesel::sql_types::{
    Binary, Bool, Int2, Int4, Int8, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use domain::commands::{Goal, RouteSource};
use domain::devices::presence::Confidence;
use domain::ids::Actor;
use domain::sessions::limits::SessionLimits;
use uuid::Uuid;

/// The OCPP 1.6 action of a command that may be a probe of its device.
const ASKS_FOR_MESSAGE: &str = "TriggerMessage";

/// Commands as columns.
#[derive(Default)]
pub(super) struct Columns<'a> {
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
    pub(super) chunk: Vec<Option<String>>,
    pub(super) chunk_size: Vec<Option<i32>>,
}

impl<'a> Columns<'a> {
    /// Adds a command.
    pub(super) fn push(
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

    /// Whether only rows of commands and of the feed are to be inserted.
    pub(super) fn is_plain(&self) -> bool {
        self.key.iter().all(Option::is_none)
            && self.limits.iter().all(Option::is_none)
            && !self.name.contains(&ASKS_FOR_MESSAGE)
    }

    /// Pushes the columns of the commands and of the feed.
    fn push_plain<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
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
        columns.push::<Nullable<Text>, _>(&self.issued_by)?;
        columns.push::<Text, _>(&self.state)?;
        columns.push::<Nullable<Text>, _>(&self.chunk)?;
        columns.push::<Nullable<Int4>, _>(&self.chunk_size)
    }
}

/// The first columns of `new`, in the order of [`Columns::push_plain`].
macro_rules! plain_arrays {
    () => {
        "$1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::text[],
           $7::integer[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::jsonb[],
           $12::smallint[], $13::text[], $14::text[], $15::uuid[], $16::boolean[],
           $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::integer[]"
    };
}

/// Their names.
macro_rules! plain_names {
    () => {
        "id, pile_id, charge_point_id, name, payload, gateway_id, partition, issued_at, expires_at, trace_id, life,
            connector_id, id_tag, transaction_id, session_id, degraded, seen_gateway_id, route, confidence, issued_by, state,
            chunk, chunk_size"
    };
}

/// Devices are locked first, in key order, as ingestors do, and everything else waits for the locks:
/// the id of the feed's chunk is drawn only then.
macro_rules! locked_and_recorded {
    () => {
        "locked as materialized (
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
           from new, locked)"
    };
}

/// The rows of the feed.
macro_rules! appended {
    () => {
        " insert into feed_chunks (changes, change_count)
         select chunk::json, chunk_size from new, locked where chunk is not null"
    };
}

/// Commands without a key or limits that request no message: one round trip and one transaction for
/// their rows and the feed. PostgreSQL prepares each table of a statement for every execution, also
/// one that gets no row.
pub(super) struct Plain<'a>(pub(super) Columns<'a>);

impl Rows for Plain<'_> {
    type Statement = Plain<'static>;
    const SQL: &'static str = concat!(
        "with new as materialized (select * from unnest(",
        plain_arrays!(),
        ") as new (",
        plain_names!(),
        ")), ",
        locked_and_recorded!(),
        appended!()
    );

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        self.0.push_plain(columns)
    }
}

/// Any commands: also their keys and limits, and the probes that they are. One round trip and one
/// transaction.
pub(super) struct Whole<'a>(pub(super) Columns<'a>);

impl Rows for Whole<'_> {
    type Statement = Whole<'static>;
    const SQL: &'static str = concat!(
        "with new as materialized (select * from unnest(",
        plain_arrays!(),
        ", $24::text[], $25::bytea[], $26::bigint[], $27::bytea[], $28::jsonb[]) as new (",
        plain_names!(),
        ", key, caller_key, digest, sha256, limits)), ",
        locked_and_recorded!(),
        ", asked as (
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
           select id, limits from new, locked where limits is not null)",
        appended!()
    );

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        let Self(new) = self;
        new.push_plain(columns)?;
        columns.push::<Nullable<Text>, _>(&new.key)?;
        columns.push::<Nullable<Binary>, _>(&new.caller_key)?;
        columns.push::<Nullable<Int8>, _>(&new.digest)?;
        columns.push::<Nullable<Binary>, _>(&new.sha256)?;
        columns.push::<Nullable<Jsonb>, _>(&new.limits)
    }
}
