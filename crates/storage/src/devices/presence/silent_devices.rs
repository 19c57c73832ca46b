//! The devices that a gateway's silence concerns: one query for all partitions of a replica.

use super::{DeviceRow, heard_at};
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Float8, Int4, Int8, Text};
use diesel_async::RunQueryDsl;
use domain::ids::{ChargePointId, GatewayId};
use std::time::Duration;

/// Up to `limit` devices with a last event in `partitions` for which a gateway's silence has
/// consequences: devices of `suspected` gateways that were not heard since and are not doubtful
/// yet, and doubtful devices that did not answer a probe in time. Each with its partition.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list(
    connection: &mut Connection,
    partitions: &[i32],
    suspected: &[GatewayId],
    answer: Duration,
    limit: i64,
) -> Result<Vec<(i32, ChargePointId)>, StorageError> {
    let gateways: Vec<&str> = suspected.iter().map(GatewayId::as_str).collect();
    let rows: Vec<DeviceRow> = diesel::sql_query(concat!(
        "select device.charge_point_id, device.seen_partition from charge_points as device
         left join device_probes as probe on probe.charge_point_id = device.charge_point_id
         where device.online and device.seen_partition = any($1)
           and (device.confidence is null and device.gateway_id = any($2)
               and exists (select 1 from gateways where gateways.gateway_id = device.gateway_id and suspected_at > ",
        heard_at!(),
        ")
             or device.confidence is not null and probe.published and probe.asked_at > ",
        heard_at!(),
        " and probe.asked_at < clock_timestamp() - make_interval(secs => $3))
         limit $4"
    ))
    .bind::<Array<Int4>, _>(partitions)
    .bind::<Array<Text>, _>(gateways)
    .bind::<Float8, _>(answer.as_secs_f64())
    .bind::<Int8, _>(limit)
    .load(connection)
    .await?;
    rows.into_iter().map(DeviceRow::parse).collect()
}

/// Whether any device with a last event in `partitions` is online and doubtful.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn has_doubtful(connection: &mut Connection, partitions: &[i32]) -> Result<bool, StorageError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let found: Found = diesel::sql_query(
        "select exists (select 1 from charge_points
                        where online and confidence is not null and seen_partition = any($1)) as found",
    )
    .bind::<Array<Int4>, _>(partitions)
    .get_result(connection)
    .await?;
    Ok(found.found)
}
