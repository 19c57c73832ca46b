//! Writing the days of devices.

use super::load::Device;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Jsonb, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::reliability::{DayPart, Window};
use serde_json::{Value, json};

/// Replaces the days of devices, which are locked, since the beginning of each, and records how far they
/// are computed; returns the number of rows.
pub(super) async fn replace(
    tx: &mut Connection,
    window: &Window,
    computed: &[(&Device, Vec<DayPart>)],
) -> Result<usize, StorageError> {
    let ids: Vec<&str> = computed.iter().map(|(device, _)| device.id.as_str()).collect();
    let begins: Vec<DateTime<Utc>> = computed.iter().map(|(device, _)| device.begin).collect();
    let read: Vec<DateTime<Utc>> = computed.iter().map(|(device, _)| device.read_until).collect();
    diesel::sql_query(
        "delete from reliability_days as day using unnest($1, $2) as device (charge_point_id, begin)
         where day.charge_point_id = device.charge_point_id and day.began_at >= device.begin",
    )
    .bind::<Array<Text>, _>(&ids)
    .bind::<Array<Timestamptz>, _>(begins)
    .execute(tx)
    .await?;
    let rows: Vec<Value> = computed
        .iter()
        .flat_map(|(device, parts)| parts.iter().map(move |part| row(device.id.as_str(), part)))
        .collect();
    let written = diesel::sql_query(
        "insert into reliability_days select * from jsonb_populate_recordset(null::reliability_days, $1)",
    )
    .bind::<Jsonb, _>(Value::Array(rows))
    .execute(tx)
    .await?;
    diesel::sql_query(
        "update reliability_devices as device
         set computed_until = $3, dirty_from = null, read_until = read.until
         from unnest($1, $2) as read (charge_point_id, until)
         where device.charge_point_id = read.charge_point_id",
    )
    .bind::<Array<Text>, _>(&ids)
    .bind::<Array<Timestamptz>, _>(read)
    .bind::<Timestamptz, _>(window.until)
    .execute(tx)
    .await?;
    Ok(written)
}

/// A row of `reliability_days`, by the names of its columns.
fn row(device: &str, part: &DayPart) -> Value {
    let tally = &part.tally;
    let [maintenance_s, grid_s, vandalism_s, third_party_s] = tally.excluded_s;
    json!({
        "charge_point_id": device,
        "connector_id": part.connector,
        "began_at": part.from,
        "day": part.date,
        "pile_id": part.place.as_ref().map(|place| place.pile_id),
        "station_id": part.place.as_ref().map(|place| place.station_id),
        "operator_id": part.place.as_ref().and_then(|place| place.operator_id.as_ref()),
        "up_s": tally.up_s,
        "faulted_s": tally.faulted_s,
        "unavailable_s": tally.unavailable_s,
        "offline_s": tally.offline_s,
        "unknown_s": tally.unknown_s,
        "maintenance_s": maintenance_s,
        "grid_s": grid_s,
        "vandalism_s": vandalism_s,
        "third_party_s": third_party_s,
        "failures": tally.failures,
        "repairs": tally.repairs,
        "repair_s": tally.repair_s,
        "starts_accepted": tally.starts_accepted,
        "starts_charging": tally.starts_charging,
        "failure_s": part.open.0,
        "connection": part.connection.map(domain::reliability::Connection::as_str),
    })
}
