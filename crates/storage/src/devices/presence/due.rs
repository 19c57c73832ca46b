//! The devices to probe. Each statement reads the rows of all devices once.

use super::probes::ProbeReason;
use super::{broken, heard_at, last_heard_at};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Float8, Int2, Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::commands::LastHeard;
use domain::ids::{ChargePointId, ConnectorId, GatewayId, PileId};
use std::time::Duration;
use uuid::Uuid;

/// A device that may be probed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDevice {
    /// Id of the device.
    pub charge_point_id: ChargePointId,
    /// The device's pile; `None` if it is not registered.
    pub pile_id: Option<PileId>,
    /// The gateway and time of the last event.
    pub heard: LastHeard,
    /// Whether the device is charging or about to: it has an open session, or a connector in use.
    pub is_busy: bool,
    /// Its connector with the smallest id above 0; `None` if it reported none.
    pub connector_id: Option<ConnectorId>,
    /// The reason of the probe.
    pub reason: ProbeReason,
}

/// When a device is due for a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dueness {
    /// The topic of the gateways' events.
    pub topic: String,
    /// A partition that was not read to its end for this long proves no silence.
    pub lag: Duration,
    /// A device is silent after this time.
    pub silence: Duration,
    /// Least time between two probes of a device.
    pub interval: Duration,
}

/// Number of candidates that are read for each canary.
const CANDIDATES_EACH: i64 = 8;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pile_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    gateway_id: String,
    #[diesel(sql_type = Timestamptz)]
    last_heard_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    is_busy: bool,
    #[diesel(sql_type = Bool)]
    is_doubtful: bool,
    #[diesel(sql_type = Nullable<Int2>)]
    connector_id: Option<i16>,
}

impl Row {
    fn into_due(self, reason: Option<ProbeReason>) -> Result<DueDevice, StorageError> {
        let by_doubt = if self.is_doubtful { ProbeReason::Doubtful } else { ProbeReason::Silent };
        Ok(DueDevice {
            charge_point_id: ChargePointId::parse(&self.charge_point_id).map_err(broken)?,
            pile_id: self.pile_id.map(PileId),
            heard: LastHeard {
                gateway_id: GatewayId::parse(&self.gateway_id).map_err(broken)?,
                at: self.last_heard_at,
            },
            is_busy: self.is_busy,
            connector_id: self
                .connector_id
                .map(|id| ConnectorId::parse(id.into()))
                .transpose()
                .map_err(broken)?,
            reason: reason.unwrap_or(by_doubt),
        })
    }
}

/// The columns of a device `due`, which has the columns of its row of `charge_points`.
macro_rules! columns {
    () => {
        concat!(
            "select due.charge_point_id, due.gateway_id, ",
            last_heard_at!("due"),
            " as last_heard_at,
           due.confidence is not null as is_doubtful,
           (select min(connector_id) from connectors
            where connectors.charge_point_id = due.charge_point_id and connector_id > 0) as connector_id,
           (select id from piles where piles.charge_point_id = due.charge_point_id and retired_at is null) as pile_id,
           exists (select 1 from sessions where sessions.charge_point_id = due.charge_point_id and ended_at is null)
           or exists (select 1 from connectors where connectors.charge_point_id = due.charge_point_id and status in
             ('Preparing', 'Charging', 'SuspendedEV', 'SuspendedEVSE', 'Finishing')) as is_busy"
        )
    };
}

/// Whether `device` may be probed, given its last `probe` and the interval `$1` in seconds.
macro_rules! may_be_asked {
    () => {
        "device.online and device.gateway_id is not null
         and coalesce(probe.asked_at < clock_timestamp() - make_interval(secs => $1), true)"
    };
}

/// Whether a command to `device` is in flight: until it expires, it serves as a probe. A command
/// that waits longer, such as a start for its session, does not.
macro_rules! has_command_under_way {
    () => {
        "exists (select 1 from commands
                 where commands.charge_point_id = device.charge_point_id collate \"default\" and open
                   and expires_at > clock_timestamp())"
    };
}

/// Up to `limit` devices that are online and silent, or doubtful although their gateway is not
/// suspected, the longest silent first. Silence is measured up to the time to which the partition
/// of the device's last event was read; a partition that was not read to its end recently proves
/// nothing.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_silent(
    connection: &mut Connection,
    due: &Dueness,
    limit: i64,
) -> Result<Vec<DueDevice>, StorageError> {
    let rows: Vec<Row> = diesel::sql_query(concat!(
        columns!(),
        " from (
           select device.*, ",
        heard_at!(),
        " as heard_at from charge_points as device
           join ingest_partitions as part on part.topic = $2 and part.partition = device.seen_partition
           left join device_probes as probe on probe.charge_point_id = device.charge_point_id
           where ",
        may_be_asked!(),
        " and (device.confidence is not null or not ",
        has_command_under_way!(),
        ") and part.caught_up_at > clock_timestamp() - make_interval(secs => $3)
             and (",
        heard_at!(),
        " < part.caught_up_at - make_interval(secs => $4)
               or device.confidence is not null and coalesce(not probe.published or probe.asked_at <= ",
        heard_at!(),
        ", true))
             and not exists (select 1 from gateways
                             where gateways.gateway_id = device.gateway_id and suspected_at is not null)
           order by heard_at limit $5) as due
         order by due.heard_at"
    ))
    .bind::<Float8, _>(due.interval.as_secs_f64())
    .bind::<Text, _>(&due.topic)
    .bind::<Float8, _>(due.lag.as_secs_f64())
    .bind::<Float8, _>(due.silence.as_secs_f64())
    .bind::<Int8, _>(limit)
    .load(connection)
    .await?;
    rows.into_iter().map(|row| row.into_due(None)).collect()
}

/// Up to `limit` devices of suspected gateways that were not probed since they were last heard.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_suspected(
    connection: &mut Connection,
    interval: Duration,
    limit: i64,
) -> Result<Vec<DueDevice>, StorageError> {
    let rows: Vec<Row> = diesel::sql_query(concat!(
        columns!(),
        " from (
           select device.* from gateways
           join charge_points as device on device.gateway_id = gateways.gateway_id
           left join device_probes as probe on probe.charge_point_id = device.charge_point_id
           where gateways.suspected_at is not null and ",
        may_be_asked!(),
        " and coalesce(not probe.published or probe.asked_at <= ",
        heard_at!(),
        ", true)
           limit $2) as due"
    ))
    .bind::<Float8, _>(interval.as_secs_f64())
    .bind::<Int8, _>(limit)
    .load(connection)
    .await?;
    rows.into_iter().map(|row| row.into_due(Some(ProbeReason::Suspected))).collect()
}

/// Canary devices of `gateways`: up to `each` per gateway, idle devices before busy ones, and the
/// least recently probed first.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_canaries(
    connection: &mut Connection,
    gateways: &[GatewayId],
    interval: Duration,
    each: i64,
) -> Result<Vec<DueDevice>, StorageError> {
    let ids: Vec<&str> = gateways.iter().map(GatewayId::as_str).collect();
    let rows: Vec<Row> = diesel::sql_query(concat!(
        columns!(),
        " from (
           select device.*, row_number() over (
             partition by device.gateway_id order by probe.asked_at nulls first, device.charge_point_id) as place
           from charge_points as device
           left join device_probes as probe on probe.charge_point_id = device.charge_point_id
           where device.gateway_id = any($2) and ",
        may_be_asked!(),
        " and not ",
        has_command_under_way!(),
        ") as due
         where place <= $3 order by due.gateway_id, place"
    ))
    .bind::<Float8, _>(interval.as_secs_f64())
    .bind::<Array<Text>, _>(ids)
    .bind::<Int8, _>(each.saturating_mul(CANDIDATES_EACH))
    .load(connection)
    .await?;
    let mut devices: Vec<DueDevice> =
        rows.into_iter().map(|row| row.into_due(Some(ProbeReason::Canary))).collect::<Result<_, _>>()?;
    // A stable sort keeps the order of equal devices.
    devices.sort_by(|one, other| {
        (&one.heard.gateway_id, one.is_busy).cmp(&(&other.heard.gateway_id, other.is_busy))
    });
    let each = usize::try_from(each).unwrap_or(usize::MAX);
    let by_gateway = devices.chunk_by(|one, other| one.heard.gateway_id == other.heard.gateway_id);
    Ok(by_gateway.flat_map(|of_one| of_one.iter().take(each).cloned()).collect())
}
