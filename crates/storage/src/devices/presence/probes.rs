//! Probes of devices: one row per device, which each probe overwrites.

use super::{broken, heard_at};
use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Float8, Int8, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::commands::TriggeredMessage;
use domain::ids::{ChargePointId, GatewayId};
use std::collections::HashMap;
use std::time::Duration;

/// The reason of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProbeReason {
    /// The device is silent.
    Silent,
    /// The gateway is silent, and the device is one of its canaries.
    Canary,
    /// The gateway is suspected dead.
    Suspected,
    /// The device is doubtful, although its gateway is no longer suspected.
    Doubtful,
}

impl ProbeReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Silent, Self::Canary, Self::Suspected, Self::Doubtful];

    /// The word for the reason in storage and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Canary => "canary",
            Self::Suspected => "suspected",
            Self::Doubtful => "doubtful",
        }
    }
}

/// A probe to record before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProbe {
    /// The device.
    pub charge_point_id: ChargePointId,
    /// The message that the device is asked to send (OCPP `TriggerMessage`).
    pub message: TriggeredMessage,
    /// The reason of the probe.
    pub reason: ProbeReason,
    /// The gateway that the probe is sent through.
    pub gateway_id: GatewayId,
}

const fn word(message: TriggeredMessage) -> &'static str {
    match message {
        TriggeredMessage::BootNotification => "BootNotification",
        TriggeredMessage::DiagnosticsStatusNotification => "DiagnosticsStatusNotification",
        TriggeredMessage::FirmwareStatusNotification => "FirmwareStatusNotification",
        TriggeredMessage::Heartbeat => "Heartbeat",
        TriggeredMessage::MeterValues => "MeterValues",
        TriggeredMessage::StatusNotification => "StatusNotification",
    }
}

#[derive(QueryableByName)]
struct Device {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
}

fn devices(rows: Vec<Device>) -> Result<Vec<ChargePointId>, StorageError> {
    rows.into_iter().map(|row| ChargePointId::parse(&row.charge_point_id).map_err(broken)).collect()
}

/// Records `probes` before they are sent, except for devices that were probed within `interval`;
/// returns the devices that may be probed now. So two replicas that both consider themselves
/// responsible probe each device once.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn record_many(
    connection: &mut Connection,
    probes: &[NewProbe],
    interval: Duration,
) -> Result<Vec<ChargePointId>, StorageError> {
    let mut probes: Vec<&NewProbe> = probes.iter().collect();
    probes.sort_by(|one, other| one.charge_point_id.cmp(&other.charge_point_id));
    let of = |text: fn(&NewProbe) -> &str| probes.iter().map(|probe| text(probe)).collect::<Vec<&str>>();
    let recorded = diesel::sql_query(concat!(
        "insert into device_probes as probe
           (charge_point_id, asked_at, message, reason, gateway_id, attempts, published, boot_asked_at)
         select new.id, clock_timestamp(), message, reason, gateway, 1, false,
                case when message = 'BootNotification' then clock_timestamp() end
         from unnest($1, $2, $3, $4) as new (id, message, reason, gateway) order by new.id collate \"C\"
         on conflict (charge_point_id) do update set
           asked_at = excluded.asked_at, message = excluded.message, reason = excluded.reason,
           gateway_id = excluded.gateway_id, published = false,
           attempts = case when probe.asked_at > (select ",
        heard_at!(),
        " from charge_points as device where device.charge_point_id = probe.charge_point_id)
             then probe.attempts + 1 else 1 end,
           boot_asked_at = coalesce(excluded.boot_asked_at, probe.boot_asked_at)
         where probe.asked_at is null or excluded.asked_at - probe.asked_at > make_interval(secs => $5)
         returning charge_point_id"
    ))
    .bind::<Array<Text>, _>(of(|probe| probe.charge_point_id.as_str()))
    .bind::<Array<Text>, _>(of(|probe| word(probe.message)))
    .bind::<Array<Text>, _>(of(|probe| probe.reason.as_str()))
    .bind::<Array<Text>, _>(of(|probe| probe.gateway_id.as_str()))
    .bind::<Float8, _>(interval.as_secs_f64())
    .load(connection)
    .await?;
    devices(recorded)
}

/// Records that the probes of `devices` are published. Only then does their silence have
/// consequences.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn confirm_many(
    connection: &mut Connection,
    devices: &[ChargePointId],
) -> Result<(), StorageError> {
    let ids: Vec<&str> = devices.iter().map(ChargePointId::as_str).collect();
    diesel::sql_query(
        "update device_probes set published = true
         where charge_point_id in (
           select charge_point_id from device_probes where charge_point_id = any($1)
           order by charge_point_id collate \"C\" for update)",
    )
    .bind::<Array<Text>, _>(ids)
    .execute(connection)
    .await?;
    Ok(())
}

/// How many of `devices` were heard since they were last probed.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn count_answered(
    connection: &mut Connection,
    devices: &[ChargePointId],
) -> Result<i64, StorageError> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = Int8)]
        count: i64,
    }
    let ids: Vec<&str> = devices.iter().map(ChargePointId::as_str).collect();
    let counted: Counted = diesel::sql_query(concat!(
        "select count(*) as count from unnest($1) as wanted (id)
         join device_probes as probe on probe.charge_point_id = wanted.id
         join charge_points as device on device.charge_point_id = wanted.id
         where ",
        heard_at!(),
        " >= probe.asked_at"
    ))
    .bind::<Array<Text>, _>(ids)
    .get_result(connection)
    .await?;
    Ok(counted.count)
}

/// When a device was last asked for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    /// The platform's last probe of any kind; `None` if none is known to be published.
    pub at: Option<DateTime<Utc>>,
    /// The last request for a BootNotification by the platform or a caller.
    pub boot_at: Option<DateTime<Utc>>,
}

/// When each of `devices` was last asked; devices that never were are absent.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn load_many(
    tx: &mut Connection,
    devices: Vec<&str>,
) -> Result<HashMap<String, Asked>, StorageError> {
    if devices.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<ProbedRow> = Bulk(Probed { devices }).load(tx).await?;
    Ok(rows.into_iter().map(|(device, at, boot_at)| (device, Asked { at, boot_at })).collect())
}

/// A device, its last probe, and its last request for a BootNotification.
type ProbedRow = (String, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

struct Probed<'a> {
    devices: Vec<&'a str>,
}

impl Rows for Probed<'_> {
    type Statement = Probed<'static>;
    const SQL: &'static str = "select charge_point_id, case when published then asked_at end, boot_asked_at from unnest($1::text[]) as wanted (id) join device_probes on charge_point_id = id";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.devices)
    }
}

impl Lookup for Probed<'_> {
    type Answer = (Text, Nullable<Timestamptz>, Nullable<Timestamptz>);
}
