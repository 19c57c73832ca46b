//! Readings of meters over time, in one partition of the table for each day (UTC).

mod read;

pub use read::{MeterSample, list_of_session};

use crate::bulk::{self, Bulk, Rows};
use crate::{Connection, StorageError};
use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int2, Int8, Nullable, Text, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use domain::sample::Samples;

/// Makes the partition of `day`, if there is none.
///
/// # Errors
/// When Postgres fails.
pub async fn ensure_day(connection: &mut Connection, day: NaiveDate) -> Result<(), StorageError> {
    let make = connection.transaction(async |tx| {
        // One at a time: "if not exists" is no protection against another that is not yet committed.
        lock(tx).await?;
        if !days(tx).await?.contains(&day) {
            tx.batch_execute(&make_partition(day)).await?;
        }
        QueryResult::Ok(())
    });
    Ok(make.await?)
}

/// Drops the partitions of days before `day`; answers which they were.
///
/// # Errors
/// When Postgres fails, or the table is not free for a moment: then it is to be tried again later.
pub async fn drop_days_before(
    connection: &mut Connection,
    day: NaiveDate,
) -> Result<Vec<NaiveDate>, StorageError> {
    let drop = connection.transaction(async |tx| {
        lock(tx).await?;
        let old: Vec<_> = days(tx).await?.into_iter().filter(|held| *held < day).collect();
        if !old.is_empty() {
            // Batches wait while the drop waits for its lock; rather give up soon.
            tx.batch_execute("set local lock_timeout = '1s'").await?;
        }
        for day in &old {
            tx.batch_execute(&format!("drop table {}", partition_name(*day))).await?;
        }
        QueryResult::Ok(old)
    });
    Ok(drop.await?)
}

/// The days that have a partition, in order.
///
/// # Errors
/// When Postgres fails.
pub async fn list_days(connection: &mut Connection) -> Result<Vec<NaiveDate>, StorageError> {
    Ok(days(connection).await?)
}

async fn days(connection: &mut Connection) -> QueryResult<Vec<NaiveDate>> {
    let names: Vec<PartitionName> = diesel::sql_query(
        "select c.relname::text as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'meter_samples'::regclass order by 1",
    )
    .load(connection)
    .await?;
    let day = |name: &PartitionName| NaiveDate::parse_from_str(&name.name, PARTITION_NAME).ok();
    Ok(names.iter().filter_map(day).collect())
}

#[derive(QueryableByName)]
struct PartitionName {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Guards the making and dropping of partitions; a number of its own, as good as any.
const LOCK: i64 = 0x6d65_7465_725f_7361;
const PARTITION_NAME: &str = "meter_samples_%Y%m%d";

async fn lock(tx: &mut Connection) -> QueryResult<()> {
    diesel::sql_query("select pg_advisory_xact_lock($1)").bind::<Int8, _>(LOCK).execute(tx).await.map(drop)
}

fn partition_name(day: NaiveDate) -> String {
    day.format(PARTITION_NAME).to_string()
}

/// Made apart and then attached, so that batches under way are not waited for. A name and dates cannot be parameters; they
/// are made of a date, and of nothing else.
fn make_partition(day: NaiveDate) -> String {
    let name = partition_name(day);
    let end = day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
    format!(
        "create table {name} (like meter_samples including all);
         alter table meter_samples attach partition {name}
           for values from ('{day} 00:00:00+00') to ('{end} 00:00:00+00');"
    )
}

/// Writes `samples`; a reading that is there already takes in the greater values. The partitions of their days must exist.
///
/// # Errors
/// When Postgres fails.
pub(crate) async fn upsert_many(tx: &mut Connection, samples: &Samples) -> Result<(), StorageError> {
    if samples.is_empty() {
        return Ok(());
    }
    let mut columns = Columns::default();
    for (key, reading) in samples.iter() {
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
    }
    Bulk(columns).execute(tx).await?;
    Ok(())
}

/// Readings column by column.
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
}

impl Rows for Columns<'_> {
    type Statement = Columns<'static>;
    const BEFORE: &'static str = "insert into meter_samples as held
           (charge_point_id, connector_id, taken_at, energy_wh, power_w, voltage_v, current_a, soc_percent,
            temperature_c)
         select * from unnest(";
    const AFTER: &'static str = ")
         on conflict (charge_point_id, connector_id, taken_at) do update set
           energy_wh = greatest(held.energy_wh, excluded.energy_wh),
           power_w = greatest(held.power_w, excluded.power_w),
           voltage_v = greatest(held.voltage_v, excluded.voltage_v),
           current_a = greatest(held.current_a, excluded.current_a),
           soc_percent = greatest(held.soc_percent, excluded.soc_percent),
           temperature_c = greatest(held.temperature_c, excluded.temperature_c)";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.charge_point_id)?;
        columns.push::<Int2, _>(&self.connector_id)?;
        columns.push::<Timestamptz, _>(&self.taken_at)?;
        columns.push::<Nullable<Float8>, _>(&self.energy_wh)?;
        columns.push::<Nullable<Float8>, _>(&self.power_w)?;
        columns.push::<Nullable<Float8>, _>(&self.voltage_v)?;
        columns.push::<Nullable<Float8>, _>(&self.current_a)?;
        columns.push::<Nullable<Float8>, _>(&self.soc_percent)?;
        columns.push::<Nullable<Float8>, _>(&self.temperature_c)
    }
}
