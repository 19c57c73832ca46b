//! Meter samples, in one partition of the table per day (UTC).

mod read;

pub(crate) use read::is_of;
pub use read::{MeterSample, list_of_session};

use crate::database::bulk::{self, Bulk, Rows};
use crate::database::day_partitions::DayPartitions;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int2, Int8, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::devices::sample::Samples;

/// The daily partitions of the table.
pub const DAYS: DayPartitions = DayPartitions::of("meter_samples", 0x6d65_7465_725f_7361);

/// Writes `samples`; an existing sample of the same instant keeps the greater values. The
/// partitions of the samples' days must exist.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn upsert_many(tx: &mut Connection, samples: &Samples) -> Result<(), StorageError> {
    if samples.is_empty() {
        return Ok(());
    }
    let mut columns = Columns::default();
    for (key, sample) in samples.iter() {
        let reading = &sample.reading;
        columns.charge_point_id.push(key.charge_point_id.as_str());
        let connector_id = i16::try_from(key.connector_id.number());
        columns
            .connector_id
            .push(connector_id.map_err(|error| StorageError::inconsistent("meter_samples", error))?);
        columns.taken_at.push(key.taken_at);
        columns.energy_wh.push(reading.energy_wh);
        columns.power_w.push(reading.power_w);
        columns.voltage_v.push(reading.voltage_v);
        columns.current_a.push(reading.current_a);
        columns.soc_percent.push(reading.soc_percent);
        columns.temperature_c.push(reading.temperature_c);
        columns.transaction_key.push(sample.transaction.map(|key| key.0));
    }
    Bulk(columns).execute(tx).await?;
    Ok(())
}

/// Samples as columns.
#[derive(Default)]
struct Columns<'a> {
    charge_point_id: Vec<&'a str>,
    connector_id: Vec<i16>,
    taken_at: Vec<DateTime<Utc>>,
    energy_wh: Vec<Option<f64>>,
    power_w: Vec<Option<f64>>,
    voltage_v: Vec<Option<f64>>,
    current_a: Vec<Option<f64>>,
    soc_percent: Vec<Option<f64>>,
    temperature_c: Vec<Option<f64>>,
    transaction_key: Vec<Option<i64>>,
}

impl Rows for Columns<'_> {
    type Statement = Columns<'static>;
    const SQL: &'static str = "insert into meter_samples as held
           (charge_point_id, connector_id, taken_at, energy_wh, power_w, voltage_v, current_a, soc_percent,
            temperature_c, transaction_key)
         select * from unnest($1::text[], $2::smallint[], $3::timestamptz[], $4::double precision[],
           $5::double precision[], $6::double precision[], $7::double precision[],
           $8::double precision[], $9::double precision[], $10::bigint[])
         on conflict (charge_point_id, connector_id, taken_at) do update set
           energy_wh = greatest(held.energy_wh, excluded.energy_wh),
           power_w = greatest(held.power_w, excluded.power_w),
           voltage_v = greatest(held.voltage_v, excluded.voltage_v),
           current_a = greatest(held.current_a, excluded.current_a),
           soc_percent = greatest(held.soc_percent, excluded.soc_percent),
           temperature_c = greatest(held.temperature_c, excluded.temperature_c),
           transaction_key = greatest(held.transaction_key, excluded.transaction_key)";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.charge_point_id)?;
        columns.push::<Int2, _>(&self.connector_id)?;
        columns.push::<Timestamptz, _>(&self.taken_at)?;
        columns.push::<Nullable<Float8>, _>(&self.energy_wh)?;
        columns.push::<Nullable<Float8>, _>(&self.power_w)?;
        columns.push::<Nullable<Float8>, _>(&self.voltage_v)?;
        columns.push::<Nullable<Float8>, _>(&self.current_a)?;
        columns.push::<Nullable<Float8>, _>(&self.soc_percent)?;
        columns.push::<Nullable<Float8>, _>(&self.temperature_c)?;
        columns.push::<Nullable<Int8>, _>(&self.transaction_key)
    }
}
