//! The state that a command is checked against: a pile, its device, connectors, open sessions and
//! starts in flight, at one instant.

use super::{IdempotencyKey, RecordedDigest};
use crate::assets::stations;
use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::database::operators;
use crate::devices::charge_points;
use crate::devices::presence::last_heard_at;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, Binary, Bool, Int2, Int8, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::commands::{CommandLife, LastHeard, OpenSession, PileSnapshot, StartInFlight};
use domain::ids::{ChargePointId, CommandId, ConnectorId, GatewayId, PileId, SessionId, TransactionId};
use domain::status::ConnectorStatus;
use domain::text::InvalidText;
use std::fmt::Display;
use uuid::Uuid;

/// The context of one command to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextQuery {
    /// The pile to command.
    pub pile_id: PileId,
    /// The operators to which the caller is bound.
    pub bound: OperatorBound,
    /// The idempotency key of the request, if any.
    pub key: Option<IdempotencyKey>,
    /// What the command is checked against.
    pub scope: ContextScope,
}

/// How much of the context is loaded. The other lists of the pile's snapshot are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextScope {
    /// The pile and its device.
    Device,
    /// Also the connectors, open sessions, starts in flight and startable statuses.
    Everything,
}

/// The loaded context.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandContext {
    /// The pile with everything that decides whether it may be commanded; `None` if it does not
    /// exist within the caller's bound, or is retired.
    pub pile: Option<PileSnapshot>,
    /// The command of an earlier request with the same key, and the digest of that request.
    pub known: Option<(CommandId, RecordedDigest)>,
    /// Whether the key was used for something other than a command to a pile.
    pub is_key_taken: bool,
}

/// Loads the context of each query, in their order. If one of them needs everything, everything is
/// loaded for all.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn load_contexts(
    connection: &mut Connection,
    wanted: &[ContextQuery],
) -> Result<Vec<CommandContext>, StorageError> {
    let wanted_keys = || wanted.iter().map(|wanted| wanted.key.as_ref());
    let keys = ContextKeys {
        piles: wanted.iter().map(|wanted| wanted.pile_id.0).collect(),
        keys: wanted_keys().map(|key| key.map(IdempotencyKey::text)).collect(),
        caller_keys: wanted_keys().map(|key| key.and_then(IdempotencyKey::of_caller)).collect(),
        bounds: wanted.iter().map(|wanted| operators::joined(&wanted.bound)).collect(),
    };
    let rows: Vec<SnapshotRow> = match wanted.iter().all(|wanted| wanted.scope == ContextScope::Device) {
        true => Bulk(OfDevice(keys)).load(connection).await?,
        false => Bulk(OfEverything(keys)).load(connection).await?,
    };
    if rows.len() != wanted.len() {
        return Err(StorageError::inconsistent(
            "piles",
            "the context query returned another number of rows than requested",
        ));
    }
    rows.into_iter().zip(wanted).map(|(row, wanted)| row.into_context(wanted.pile_id)).collect()
}

/// The queries as columns.
struct ContextKeys {
    piles: Vec<Uuid>,
    keys: Vec<Option<String>>,
    caller_keys: Vec<Option<Vec<u8>>>,
    /// The operators of each caller in one text, see [`operators::joined`].
    bounds: Vec<Option<String>>,
}

impl ContextKeys {
    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<SqlUuid, _>(&self.piles)?;
        columns.push::<Nullable<Text>, _>(&self.keys)?;
        columns.push::<Nullable<Binary>, _>(&self.caller_keys)?;
        columns.push::<Nullable<Text>, _>(&self.bounds)
    }
}

/// The selected columns of the key, the pile and its device.
macro_rules! device_columns {
    () => {
        concat!(
            "coalesce(named.command_id, plain.command_id),
             coalesce(named.request_digest, plain.request_digest),
             coalesce(named.request_sha256, plain.request_sha256), pile.charge_point_id,
             device.online, device.gateway_id, ",
            last_heard_at!("device"),
            ", device.confidence"
        )
    };
}

/// The key, the pile and its device.
macro_rules! device_tables {
    () => {
        "from unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[])
               with ordinality as wanted (pile_id, key, caller_key, bound, place)
        left join idempotency_keys named on named.caller_key = wanted.caller_key
        left join idempotency_keys plain on named.key is null and plain.key = wanted.key and plain.caller_key is null
        left join piles pile on pile.id = wanted.pile_id and pile.retired_at is null
          and (wanted.bound is null or exists (
            select from stations own
            where own.id = pile.station_id and own.operator_id = any(string_to_array(wanted.bound, chr(31)))))
        left join charge_points device on device.charge_point_id = pile.charge_point_id"
    };
}

/// [`ContextScope::Device`].
struct OfDevice(ContextKeys);

impl Rows for OfDevice {
    type Statement = Self;
    const SQL: &'static str = concat!(
        "select ",
        device_columns!(),
        ", '{}'::smallint[], '{}'::text[], '{}'::text[], '{}'::uuid[], '{}'::smallint[], '{}'::text[],
           '{}'::boolean[], '{}'::uuid[], '{}'::smallint[], '{}'::jsonb[], null::text[] ",
        device_tables!(),
        " order by place"
    );

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        self.0.columns(columns)
    }
}

impl Lookup for OfDevice {
    type Answer = SnapshotColumns;
}

/// [`ContextScope::Everything`]: one statement, so that all of it is read at one instant.
struct OfEverything(ContextKeys);

impl Rows for OfEverything {
    type Statement = Self;
    // `commands.charge_point_id` and its index have the database's collation; changing that would
    // break the statements that a running release has prepared.
    const SQL: &'static str = concat!(
        "select ",
        device_columns!(),
        ", connector.ids, connector.statuses, connector.sighted, session.ids, session.connectors, session.transactions,
           session.own, start.ids, start.connectors, start.lives, station.startable_statuses ",
        device_tables!(),
        "
        left join stations station on station.id = pile.station_id
        cross join lateral (
            select coalesce(array_agg(connector_id order by connector_id) filter (where status is not null), '{}') as ids,
                   coalesce(array_agg(status order by connector_id) filter (where status is not null), '{}') as statuses,
                   coalesce(array_agg(sighted_transaction) filter (where sighted_transaction is not null), '{}') as sighted
            from connectors
            where charge_point_id = pile.charge_point_id
        ) connector
        cross join lateral (
            select coalesce(array_agg(id order by id), '{}') as ids,
                   coalesce(array_agg(connector_id order by id), '{}') as connectors,
                   coalesce(array_agg(transaction_id order by id), '{}') as transactions,
                   coalesce(array_agg(coalesce(operator_id = any(string_to_array(wanted.bound, chr(31))), wanted.bound is null)
                                      order by id), '{}') as own
            from sessions
            where charge_point_id = pile.charge_point_id and ended_at is null
        ) session
        cross join lateral (
            select coalesce(array_agg(case when wanted.bound is null or commands.pile_id = pile.id then id end order by id), '{}') as ids,
                   coalesce(array_agg(connector_id order by id), '{}') as connectors,
                   coalesce(array_agg(life order by id), '{}') as lives
            from commands
            where charge_point_id = pile.charge_point_id collate \"default\" and open and name = 'RemoteStartTransaction'
              and state in ('accepted', 'published', 'unknown', 'confirmed')
              and expires_at > case state when 'confirmed' then clock_timestamp() else '-infinity' end
        ) start
        order by place"
    );

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        self.0.columns(columns)
    }
}

impl Lookup for OfEverything {
    type Answer = SnapshotColumns;
}

type SnapshotColumns = (
    Nullable<SqlUuid>,
    Nullable<Int8>,
    Nullable<Binary>,
    Nullable<Text>,
    Nullable<Bool>,
    Nullable<Text>,
    Nullable<Timestamptz>,
    Nullable<Text>,
    Array<Int2>,
    Array<Text>,
    Array<Text>,
    Array<SqlUuid>,
    Array<Int2>,
    Array<Nullable<Text>>,
    Array<Bool>,
    Array<Nullable<SqlUuid>>,
    Array<Nullable<Int2>>,
    Array<Jsonb>,
    Nullable<Array<Text>>,
);

#[derive(Queryable)]
struct SnapshotRow {
    known: Option<Uuid>,
    digest: Option<i64>,
    sha256: Option<Vec<u8>>,
    charge_point_id: Option<String>,
    online: Option<bool>,
    gateway_id: Option<String>,
    heard_at: Option<DateTime<Utc>>,
    confidence: Option<String>,
    connector_ids: Vec<i16>,
    connector_statuses: Vec<String>,
    sighted: Vec<String>,
    session_ids: Vec<Uuid>,
    session_connectors: Vec<i16>,
    session_transactions: Vec<Option<String>>,
    /// Whether each session is within the caller's bound: a device that another operator had before
    /// may have open sessions of that operator.
    session_own: Vec<bool>,
    /// A start of another pile is not named to a caller with a bound.
    start_ids: Vec<Option<Uuid>>,
    start_connectors: Vec<Option<i16>>,
    start_lives: Vec<serde_json::Value>,
    startable_statuses: Option<Vec<String>>,
}

impl SnapshotRow {
    fn into_context(mut self, pile_id: PileId) -> Result<CommandContext, StorageError> {
        let is_key_taken = self.digest.is_some() && self.known.is_none();
        let sha256 = self.sha256.take();
        let digest = self.digest.map(|earlier| RecordedDigest { sha256, earlier });
        let known = self.known.map(CommandId).zip(digest);
        let pile = match self.charge_point_id.take() {
            Some(device) => Some(self.into_snapshot(pile_id, &device)?),
            None => None,
        };
        Ok(CommandContext { pile, known, is_key_taken })
    }

    fn into_snapshot(self, pile_id: PileId, device: &str) -> Result<PileSnapshot, StorageError> {
        let connectors = self.connector_ids.into_iter().zip(self.connector_statuses);
        let sessions =
            self.session_ids.into_iter().zip(self.session_connectors).zip(self.session_transactions);
        let (own, foreign): (Vec<_>, Vec<_>) =
            sessions.zip(self.session_own).partition(|(_, is_own)| *is_own);
        let foreign: Vec<String> = foreign.into_iter().filter_map(|((_, named), _)| named).collect();
        let starts = self.start_ids.into_iter().zip(self.start_connectors).zip(self.start_lives);
        let gateway = self.gateway_id.as_deref().map(GatewayId::parse).transpose();
        let gateway = gateway.map_err(|error| broken("charge_points", error))?;
        let heard = gateway.zip(self.heard_at).map(|(gateway_id, at)| LastHeard { gateway_id, at });
        Ok(PileSnapshot {
            pile_id,
            charge_point_id: ChargePointId::parse(device).map_err(|error| broken("piles", error))?,
            online: self.online,
            confidence: charge_points::confidence(self.confidence.as_deref())?,
            heard,
            connectors: connectors.map(|(id, status)| connector(id, &status)).collect::<Result<_, _>>()?,
            sighted: self
                .sighted
                .iter()
                .filter(|id| !foreign.contains(id))
                .map(|id| TransactionId::parse(id).map_err(|error| broken("connectors", error)))
                .collect::<Result<_, _>>()?,
            open_sessions: own
                .into_iter()
                .map(|(((id, connector), transaction), _)| {
                    open_session(id, connector, transaction.as_deref())
                })
                .collect::<Result<_, _>>()?,
            starts_in_flight: starts
                .filter_map(|((id, connector), life)| start_in_flight(id, connector, life).transpose())
                .collect::<Result<_, _>>()?,
            startable: self.startable_statuses.as_deref().map(stations::parse_startable).transpose()?,
        })
    }
}

fn broken(table: &'static str, what: impl Display) -> StorageError {
    StorageError::inconsistent(table, what.to_string())
}

fn connector(id: i16, status: &str) -> Result<(ConnectorId, ConnectorStatus), StorageError> {
    let table = "connectors";
    let id = ConnectorId::parse(id.into()).map_err(|error| broken(table, error))?;
    let known = ConnectorStatus::parse(status).ok_or_else(|| broken(table, format!("status {status:?}")))?;
    Ok((id, known))
}

fn open_session(id: Uuid, connector: i16, transaction: Option<&str>) -> Result<OpenSession, StorageError> {
    let transaction: Result<Option<TransactionId>, InvalidText> =
        transaction.map(TransactionId::parse).transpose();
    Ok(OpenSession {
        id: SessionId(id),
        connector_id: ConnectorId::parse(connector.into()).map_err(|error| broken("sessions", error))?,
        transaction_id: transaction.map_err(|error| broken("sessions", error))?,
    })
}

/// The start, unless the device is charging already.
fn start_in_flight(
    id: Option<Uuid>,
    connector: Option<i16>,
    life: serde_json::Value,
) -> Result<Option<StartInFlight>, StorageError> {
    let life: CommandLife = serde_json::from_value(life).map_err(|error| broken("commands", error))?;
    let connector = connector.map(|id| ConnectorId::parse(id.into())).transpose();
    let connector_id = connector.map_err(|error| broken("commands", error))?;
    Ok(life.is_start_pending().then_some(StartInFlight { command_id: id.map(CommandId), connector_id }))
}
