//! Several piles with their live state in one round trip, each within the bound of its own caller.

use super::{ChargePointRow, LiveView, assemble};
use crate::assets::piles::row::Row;
use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::database::operators;
use crate::devices::connectors::ConnectorRow;
use crate::sessions::SessionRow;
use crate::{Connection, StorageError};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Int8, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::{OperatorBound, Pile};
use domain::ids::PileId;
use domain::sessions::session::ChargingSession;
use std::collections::HashMap;
use uuid::Uuid;

/// A pile to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PileQuery {
    /// The id of the pile.
    pub id: PileId,
    /// The operators to which the caller is bound.
    pub bound: OperatorBound,
    /// Whether the pile is found although it is retired.
    pub also_retired: bool,
}

impl PileQuery {
    /// Whether the query finds `pile`, which has its id.
    pub(super) const fn selects(&self, pile: &Pile) -> bool {
        self.also_retired || pile.revision.retired_at.is_none()
    }
}

/// The result of each query, in their order, as [`find_with_live`](super::find_with_live) would return
/// it. One round trip for all, and another one if an open session has no start register from an event.
///
/// # Errors
/// If PostgreSQL fails, or the row of one of the piles is invalid.
pub async fn find_many_with_live(
    connection: &mut Connection,
    queries: &[PileQuery],
) -> Result<Vec<Option<(Pile, Option<LiveView>)>>, StorageError> {
    let keys = Keys {
        piles: queries.iter().map(|query| query.id.0).collect(),
        bounds: queries.iter().map(|query| operators::joined(&query.bound)).collect(),
    };
    let shared = &*connection;
    let (found, connectors, sessions) = tokio::try_join!(
        Bulk(OfPiles(&keys)).load::<(i64, Row, Option<ChargePointRow>)>(&mut &*shared),
        Bulk(OfConnectors(&keys)).load::<(i64, ConnectorRow)>(&mut &*shared),
        Bulk(OfSessions(&keys)).load::<(i64, SessionRow)>(&mut &*shared),
    )?;
    let (mut piles, mut views) = (HashMap::with_capacity(found.len()), HashMap::with_capacity(found.len()));
    for (place, row, heard) in found {
        piles.insert(place, Pile::try_from(row)?);
        if let Some(heard) = heard {
            views.insert(place, heard.into_view()?.1);
        }
    }
    let connectors: Result<Vec<_>, StorageError> =
        connectors.into_iter().map(|(place, row)| Ok((place, row.into_state()?.1))).collect();
    let sessions: Result<Vec<_>, StorageError> =
        sessions.into_iter().map(|(place, row)| Ok((place, ChargingSession::try_from(row)?))).collect();
    let mut views = assemble(connection, views, connectors?, sessions?).await?;
    let of = |(place, query): (i64, &PileQuery)| {
        let pile = piles.remove(&place).filter(|pile| query.selects(pile))?;
        Some((pile, views.remove(&place)))
    };
    Ok((1..).zip(queries).map(of).collect())
}

/// The queries as columns.
struct Keys {
    piles: Vec<Uuid>,
    /// The operators of each caller in one text, see [`operators::joined`].
    bounds: Vec<Option<String>>,
}

impl Keys {
    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<SqlUuid, _>(&self.piles)?;
        columns.push::<Nullable<Text>, _>(&self.bounds)
    }
}

/// The piles that the callers reach, each with the place of its query, from 1.
///
/// The subqueries hide the number of queries from the planner: its plan for any number then costs as
/// much as one for this number, so PostgreSQL keeps it instead of planning each batch.
macro_rules! wanted_piles {
    () => {
        "from unnest((select $1::uuid[]), (select $2::text[])) with ordinality as wanted (pile_id, bound, place)
         join piles on piles.id = wanted.pile_id
           and (wanted.bound is null or exists (
             select from stations as own
             where own.id = piles.station_id and own.operator_id = any(string_to_array(wanted.bound, chr(31)))))"
    };
}

/// The piles and their devices.
struct OfPiles<'a>(&'a Keys);

impl Rows for OfPiles<'_> {
    type Statement = OfPiles<'static>;
    const SQL: &'static str = concat!(
        "select wanted.place, piles.id, piles.station_id, piles.charge_point_id, piles.name, piles.model,
           piles.vendor, piles.serial_number, piles.rated_power_kw, piles.current_type,
           piles.placeholder_current_type, piles.connectors, piles.created_at, piles.updated_at, piles.version,
           piles.retired_at, device.charge_point_id, device.online, device.last_seen_at,
           device.last_heartbeat_at, device.gateway_id, device.firmware_version, device.seen_partition,
           device.written_at, device.confidence ",
        wanted_piles!(),
        " left join charge_points as device on device.charge_point_id = piles.charge_point_id"
    );

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        self.0.columns(columns)
    }
}

impl Lookup for OfPiles<'_> {
    type Answer = (Int8, Selected<Row>, Selected<Option<ChargePointRow>>);
}

/// The connectors of their devices.
struct OfConnectors<'a>(&'a Keys);

impl Rows for OfConnectors<'_> {
    type Statement = OfConnectors<'static>;
    const SQL: &'static str = concat!(
        "select wanted.place, connectors.charge_point_id, connectors.connector_id, connectors.status,
           connectors.error_code, connectors.info, connectors.vendor_error_code, connectors.status_at,
           connectors.status_appended_at, connectors.status_partition, connectors.status_offset,
           connectors.status_event, connectors.status_rivals, connectors.power_w, connectors.power_at,
           connectors.energy_wh, connectors.energy_at, connectors.soc_percent, connectors.soc_at,
           connectors.sighted_transaction, connectors.sighted_at, connectors.status_trail, connectors.registers ",
        wanted_piles!(),
        " join connectors on connectors.charge_point_id = piles.charge_point_id"
    );

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        self.0.columns(columns)
    }
}

impl Lookup for OfConnectors<'_> {
    type Answer = (Int8, Selected<ConnectorRow>);
}

/// The open sessions of their devices that began in these piles, and that the callers reach.
struct OfSessions<'a>(&'a Keys);

impl Rows for OfSessions<'_> {
    type Statement = OfSessions<'static>;
    const SQL: &'static str = concat!(
        "select wanted.place, sessions.id, sessions.charge_point_id, sessions.connector_id,
           sessions.transaction_id, sessions.id_tag, sessions.reservation_id, sessions.started_at,
           sessions.meter_start_wh, sessions.ended_at, sessions.end_reason, sessions.meter_stop_wh,
           sessions.command_id, sessions.started_by, sessions.id_tag_rest ",
        wanted_piles!(),
        " join sessions on sessions.charge_point_id = piles.charge_point_id and sessions.ended_at is null
            and (sessions.pile_id is null or sessions.pile_id = piles.id)
            and (wanted.bound is null or sessions.operator_id = any(string_to_array(wanted.bound, chr(31))))
          order by sessions.started_at, sessions.id"
    );

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        self.0.columns(columns)
    }
}

impl Lookup for OfSessions<'_> {
    type Answer = (Int8, Selected<SessionRow>);
}

/// The types of the columns of a row.
type Selected<R> = <<R as Selectable<Pg>>::SelectExpression as Expression>::SqlType;
