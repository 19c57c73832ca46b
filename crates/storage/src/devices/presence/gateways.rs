//! Gateway pods: when each was last heard, and which are suspected dead. A small table that is read
//! as a whole.

use super::broken;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Array, Float8, Int8, Text};
use diesel_async::RunQueryDsl;
use domain::ids::GatewayId;
use std::time::Duration;

/// Largest number of gateways in the table; further ones are not watched.
pub const MAX_GATEWAYS: i64 = 10_000;
/// Silence after which a gateway is deleted from the table.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(86_400);

/// Records for each of `heard` how long ago it was heard. A gateway that is heard is no longer
/// suspected.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn record_heard(
    connection: &mut Connection,
    heard: &[(GatewayId, Duration)],
) -> Result<(), StorageError> {
    if heard.is_empty() {
        return Ok(());
    }
    // Sorted, so that two replicas do not deadlock.
    let mut heard: Vec<(&str, f64)> =
        heard.iter().map(|(id, ago)| (id.as_str(), ago.as_secs_f64())).collect();
    heard.sort_by_key(|(id, _)| *id);
    let (ids, ages): (Vec<&str>, Vec<f64>) = heard.into_iter().unzip();
    diesel::sql_query(
        "insert into gateways (gateway_id, heard_at)
         select id, clock_timestamp() - make_interval(secs => age) from unnest($1, $2) as new (id, age)
         where (select count(*) from gateways) < $3 or exists (select 1 from gateways where gateway_id = new.id)
         order by id
         on conflict (gateway_id) do update set
           heard_at = greatest(gateways.heard_at, excluded.heard_at),
           suspected_at = case when excluded.heard_at < gateways.suspected_at then gateways.suspected_at end",
    )
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<Float8>, _>(ages)
    .bind::<Int8, _>(MAX_GATEWAYS)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes gateways that were not heard for a day; returns how many.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn forget_old(connection: &mut Connection) -> Result<usize, StorageError> {
    let forgotten = diesel::sql_query(
        "delete from gateways where heard_at < statement_timestamp() - make_interval(secs => $1)",
    )
    .bind::<Float8, _>(FORGOTTEN_AFTER.as_secs_f64())
    .execute(connection)
    .await?;
    Ok(forgotten)
}

/// Deletes gateways that were silent for longer than `silence` and have no online device; returns
/// how many. They have no device to probe as a canary. Reads the rows of all devices once.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn forget_abandoned(connection: &mut Connection, silence: Duration) -> Result<usize, StorageError> {
    let forgotten = diesel::sql_query(
        "delete from gateways where heard_at < statement_timestamp() - make_interval(secs => $1)
         and not exists (select 1 from charge_points as device
                         where device.gateway_id = gateways.gateway_id and device.online)",
    )
    .bind::<Float8, _>(silence.as_secs_f64())
    .execute(connection)
    .await?;
    Ok(forgotten)
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    gateway_id: String,
}

fn names(rows: Vec<Named>) -> Result<Vec<GatewayId>, StorageError> {
    rows.into_iter().map(|row| GatewayId::parse(&row.gateway_id).map_err(broken)).collect()
}

/// The gateways that are suspected dead.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_suspected(connection: &mut Connection) -> Result<Vec<GatewayId>, StorageError> {
    names(
        diesel::sql_query(
            "select gateway_id from gateways where suspected_at is not null order by gateway_id",
        )
        .load(connection)
        .await?,
    )
}

/// The time up to which all events of `topic` are known to be written. Silence after it proves
/// nothing, and no silence does if no partition was ever read.
macro_rules! frontier {
    () => {
        "(select coalesce(min(caught_up_at), '-infinity') from ingest_partitions where topic = $1)"
    };
}

/// Up to `limit` gateways that were silent for longer than `silence` although all events of `topic`
/// were read, are not suspected and were not probed since they were last heard; the longest silent
/// first.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_quiet(
    connection: &mut Connection,
    topic: &str,
    silence: Duration,
    limit: i64,
) -> Result<Vec<GatewayId>, StorageError> {
    let quiet = diesel::sql_query(concat!(
        "select gateway_id from gateways
         where suspected_at is null and coalesce(canary_at <= heard_at, true)
           and heard_at < ",
        frontier!(),
        " - make_interval(secs => $2)
         order by heard_at limit $3"
    ))
    .bind::<Text, _>(topic)
    .bind::<Float8, _>(silence.as_secs_f64())
    .bind::<Int8, _>(limit)
    .load(connection)
    .await?;
    names(quiet)
}

/// Records when devices of `gateways` were last probed through them, for any reason, if that is
/// later than the gateway's last event. Devices that answered through another gateway have moved
/// and do not count.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn record_probes(connection: &mut Connection, gateways: &[GatewayId]) -> Result<(), StorageError> {
    let ids: Vec<&str> = gateways.iter().map(GatewayId::as_str).collect();
    diesel::sql_query(
        "update gateways set canary_at = asked.at
         from (select probe.gateway_id, max(probe.asked_at) as at from device_probes as probe
               join charge_points as device
                 on device.charge_point_id = probe.charge_point_id and device.gateway_id = probe.gateway_id
               where probe.gateway_id = any($1) and probe.published and device.online
               group by probe.gateway_id) as asked
         where gateways.gateway_id = asked.gateway_id and asked.at > gateways.heard_at",
    )
    .bind::<Array<Text>, _>(ids)
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks gateways as suspected whose devices were probed longer than `answer` ago and that were not
/// heard since, although all events of `topic` were read; returns them.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn suspect_unanswered(
    connection: &mut Connection,
    topic: &str,
    answer: Duration,
) -> Result<Vec<GatewayId>, StorageError> {
    let suspected = diesel::sql_query(concat!(
        "update gateways set suspected_at = statement_timestamp()
         where suspected_at is null and canary_at > heard_at
           and canary_at < ",
        frontier!(),
        " - make_interval(secs => $2)
         returning gateway_id"
    ))
    .bind::<Text, _>(topic)
    .bind::<Float8, _>(answer.as_secs_f64())
    .load(connection)
    .await?;
    names(suspected)
}
