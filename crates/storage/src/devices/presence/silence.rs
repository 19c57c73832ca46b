//! The consequences of devices' silence, written by the owner of the partition of their last event.

use super::probes::{self, Asked};
use super::{DeviceRow, heard_at};
use crate::database::transaction::{Abort, Refusable};
use crate::devices::{charge_points, status_changes};
use crate::ingest::batch::{LeaseLost, write_states};
use crate::ingest::partitions::{self, PartitionLease};
use crate::{Connection, LoadPlan, StorageError};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Float8, Int4, Int8, Text, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::devices::charge_point::ChargePoint;
use domain::devices::history::History;
use domain::devices::presence::{SilenceEvidence, SilenceTimeouts, Verdict};
use domain::ids::{ChargePointId, GatewayId};
use std::collections::HashMap;
use std::time::Duration;

/// Time limits of silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilencePolicy {
    /// Silence after which a device that did not answer a probe is offline.
    pub timeout: Duration,
    /// Time limit for the answer to a probe.
    pub answer: Duration,
    /// Whether devices are probed. If so, a device that was not probed is offline only after twice
    /// the timeout.
    pub probing: bool,
}

impl SilencePolicy {
    fn patience(&self) -> SilenceTimeouts {
        let delta = |duration| TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX);
        SilenceTimeouts { timeout: delta(self.timeout), answer: delta(self.answer), probing: self.probing }
    }

    fn unasked_after(&self) -> Duration {
        if self.probing { self.timeout.saturating_mul(2) } else { self.timeout }
    }
}

/// The result of judging devices by their silence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// The silence of each device that became doubtful.
    pub doubted: Vec<TimeDelta>,
    /// Number of devices that went offline.
    pub gone: usize,
    /// How long each of the offline devices that were doubtful before had been so.
    pub doubts_settled: Vec<TimeDelta>,
}

/// Judges those of `devices` by their silence whose last event is in the partition of `lease`;
/// `None` if the lease is lost. Fenced like a batch, without changing the offset.
///
/// Call it only if the partition is read to its end: an unread event may be a sign of life. Today's
/// partition of the status history must exist.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn judge_devices(
    connection: &mut Connection,
    lease: &PartitionLease,
    policy: &SilencePolicy,
    devices: Vec<ChargePointId>,
) -> Result<Option<Judged>, StorageError> {
    let patience = policy.patience();
    let judged = connection
        .transaction(async |tx| {
            if !partitions::lock_valid(tx, lease).await? {
                return Err(Abort::Refused(LeaseLost));
            }
            if devices.is_empty() {
                return Ok(Judged::default());
            }
            let load_plan = LoadPlan::liveness_of(devices);
            // Judged under the lock: an event in another partition may have arrived meanwhile.
            let before = charge_points::load_for_update(tx, &load_plan).await?;
            let grounds = Grounds::load(tx, &before).await?;
            let mut after = before.clone();
            let mut judged = Judged::default();
            let mut history = History::default();
            for (held, state) in before.iter().zip(&mut after) {
                judged.judge(state, &patience, &grounds);
                history.observe(held, state);
            }
            write_states(tx, &load_plan, &before, &after).await?;
            status_changes::insert_many(tx, &history).await?;
            Ok(judged)
        })
        .await
        .refusal_as_value()?;
    Ok(judged.ok())
}

impl Judged {
    fn judge(&mut self, state: &mut ChargePoint, patience: &SilenceTimeouts, grounds: &Grounds) {
        let doubted_since = state.liveness.current_doubt().map(|doubt| doubt.since);
        let evidence = grounds.of(state);
        match state.liveness.fall_silent(grounds.now, patience, &evidence) {
            Verdict::Waits => {}
            Verdict::Doubtful(_) => {
                let heard_at = state.liveness.heard_at();
                self.doubted.push(grounds.now - heard_at.unwrap_or(grounds.now));
            }
            Verdict::Gone { .. } => {
                self.gone += 1;
                self.doubts_settled.extend(doubted_since.map(|since| grounds.now - since));
            }
        }
    }
}

/// The evidence for judging silence, in addition to the devices' states.
struct Grounds {
    now: DateTime<Utc>,
    asked: HashMap<String, Asked>,
    /// The suspected gateways, and since when.
    suspected: HashMap<String, DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
    #[diesel(sql_type = Array<Text>)]
    gateways: Vec<String>,
    #[diesel(sql_type = Array<Timestamptz>)]
    suspected_at: Vec<DateTime<Utc>>,
}

impl Grounds {
    async fn load(tx: &mut Connection, states: &[ChargePoint]) -> Result<Self, StorageError> {
        let asked = probes::load_many(tx, states.iter().map(|state| state.id.as_str()).collect()).await?;
        let Now { now, gateways, suspected_at } = diesel::sql_query(
            "select clock_timestamp() as now,
                    coalesce(array_agg(gateway_id), '{}') as gateways, coalesce(array_agg(suspected_at), '{}') as suspected_at
             from gateways where suspected_at is not null",
        )
        .get_result(tx)
        .await?;
        Ok(Self { now, asked, suspected: gateways.into_iter().zip(suspected_at).collect() })
    }

    fn of(&self, state: &ChargePoint) -> SilenceEvidence {
        let gateway = state.liveness.gateway().map(GatewayId::as_str);
        SilenceEvidence {
            asked_at: self.asked.get(state.id.as_str()).and_then(|asked| asked.at),
            // An event clears the suspicion of its gateway a moment after the device's own state.
            gateway_suspected: gateway
                .and_then(|gateway| self.suspected.get(gateway))
                .is_some_and(|since| state.liveness.heard_at().is_none_or(|heard_at| heard_at < *since)),
        }
    }
}

/// The conditions for a silent device.
macro_rules! silent {
    ($among:literal) => {
        concat!(
            "select device.charge_point_id, device.seen_partition from charge_points as device
             left join device_probes as probe on probe.charge_point_id = device.charge_point_id
             where device.seen_partition = any($1) and device.online
               and ",
            heard_at!(),
            " < clock_timestamp() - make_interval(secs => $2)
               and (",
            heard_at!(),
            " < clock_timestamp() - make_interval(secs => $3)
                 or probe.published and probe.asked_at > ",
            heard_at!(),
            " and probe.asked_at < clock_timestamp() - make_interval(secs => $4))
               and ",
            $among,
            " order by ",
            heard_at!(),
            " limit $5"
        )
    };
}

/// Up to `limit` online devices with a last event in `partitions` that are silent for too long,
/// probed or not, the longest silent first; each with its partition. Reads the rows of the devices
/// `among`, or of all devices once, without locks.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_silent(
    connection: &mut Connection,
    partitions: &[i32],
    policy: &SilencePolicy,
    among: Option<&[ChargePointId]>,
    limit: i64,
) -> Result<Vec<(i32, ChargePointId)>, StorageError> {
    let statement = match among {
        Some(_) => silent!("device.charge_point_id = any($6)"),
        None => silent!("$6 is not null"),
    };
    let among: Vec<&str> = among.unwrap_or_default().iter().map(ChargePointId::as_str).collect();
    let rows: Vec<DeviceRow> = diesel::sql_query(statement)
        .bind::<Array<Int4>, _>(partitions)
        .bind::<Float8, _>(policy.timeout.as_secs_f64())
        .bind::<Float8, _>(policy.unasked_after().as_secs_f64())
        .bind::<Float8, _>(policy.answer.as_secs_f64())
        .bind::<Int8, _>(limit)
        .bind::<Array<Text>, _>(among)
        .load(connection)
        .await?;
    rows.into_iter().map(DeviceRow::parse).collect()
}

/// Up to `limit` online devices with a last event in `partitions` that were not heard for at least
/// `quiet_for`. Reads the rows of all devices once, without locks.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_quiet(
    connection: &mut Connection,
    partitions: &[i32],
    quiet_for: Duration,
    limit: i64,
) -> Result<Vec<ChargePointId>, StorageError> {
    let rows: Vec<DeviceRow> = diesel::sql_query(concat!(
        "select device.charge_point_id, device.seen_partition from charge_points as device
         where device.seen_partition = any($1) and device.online
           and ",
        heard_at!(),
        " < clock_timestamp() - make_interval(secs => $2)
         limit $3"
    ))
    .bind::<Array<Int4>, _>(partitions)
    .bind::<Float8, _>(quiet_for.as_secs_f64())
    .bind::<Int8, _>(limit)
    .load(connection)
    .await?;
    rows.into_iter().map(|row| Ok(DeviceRow::parse(row)?.1)).collect()
}
