//! The history of statuses and connectivity, in one partition of the table per day (UTC) of
//! recording.

mod read;

pub use read::{HistoryPosition, RecordedChange, Selection, list_of_device, list_of_pile};

use crate::database::bulk::{self, Bulk, Rows};
use crate::database::day_partitions::DayPartitions;
use crate::{Connection, StorageError};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date, Int2, Int4, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::devices::history::{Change, History, StatusChange};
use domain::devices::presence::Confidence;
use std::iter;

/// The daily partitions of the table.
pub const DAYS: DayPartitions = DayPartitions::of("status_changes", 0x7374_6174_7573_5f63);

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("status_changes", what)
}

#[derive(QueryableByName)]
struct Today {
    #[diesel(sql_type = Date)]
    day: NaiveDate,
}

/// Creates the partitions of today and tomorrow, by PostgreSQL's clock, if they do not exist. For
/// programs that write only occasionally.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn ensure_today(connection: &mut Connection) -> Result<(), StorageError> {
    let today = "select (clock_timestamp() at time zone 'UTC')::date as day";
    let today: Today = diesel::sql_query(today).get_result(connection).await?;
    let existing = DAYS.list(connection).await?;
    for day in iter::once(today.day).chain(today.day.succ_opt()).filter(|day| !existing.contains(day)) {
        DAYS.ensure(connection, day).await?;
    }
    Ok(())
}

/// Writes changes of devices, which must be locked; the partition of today must exist.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn insert_many(tx: &mut Connection, history: &History) -> Result<(), StorageError> {
    if history.is_empty() {
        return Ok(());
    }
    let mut columns = Columns::default();
    for (place, entry) in history.iter().enumerate() {
        columns.push(i32::try_from(place).map_err(broken)?, entry)?;
    }
    Bulk(columns).execute(tx).await?;
    Ok(())
}

/// Changes as columns.
#[derive(Default)]
struct Columns<'a> {
    charge_point_id: Vec<&'a str>,
    place: Vec<i32>,
    at: Vec<DateTime<Utc>>,
    connector_id: Vec<Option<i16>>,
    status: Vec<Option<&'static str>>,
    previous_status: Vec<Option<&'static str>>,
    error_code: Vec<Option<&'a str>>,
    vendor_error_code: Vec<Option<&'a str>>,
    online: Vec<Option<bool>>,
    gateway_id: Vec<Option<&'a str>>,
    confidence: Vec<Option<&'static str>>,
}

impl<'a> Columns<'a> {
    fn push(&mut self, place: i32, entry: &'a StatusChange) -> Result<(), StorageError> {
        let (status, connectivity) = match &entry.change {
            Change::Status(status) => (Some(status), None),
            Change::Connectivity(connectivity) => (None, Some(connectivity)),
        };
        let connector_id = status.map(|status| i16::try_from(status.connector_id.number()));
        self.charge_point_id.push(entry.charge_point_id.as_str());
        self.place.push(place);
        self.at.push(entry.at);
        self.connector_id.push(connector_id.transpose().map_err(broken)?);
        self.status.push(status.map(|status| status.status.as_str()));
        let previous = status.and_then(|status| status.previous_status);
        self.previous_status.push(previous.map(|previous| previous.as_str()));
        self.error_code.push(status.and_then(|status| status.error_code.as_deref()));
        self.vendor_error_code.push(status.and_then(|status| status.vendor_error_code.as_deref()));
        self.online.push(connectivity.map(|connectivity| connectivity.online));
        let gateway = connectivity.and_then(|connectivity| connectivity.gateway_id.as_ref());
        self.gateway_id.push(gateway.map(|gateway| gateway.as_str()));
        let confidence = connectivity.map(|connectivity| connectivity.confidence);
        let confidence = confidence.filter(|confidence| *confidence != Confidence::Live);
        self.confidence.push(confidence.map(Confidence::as_str));
        Ok(())
    }
}

impl Rows for Columns<'_> {
    type Statement = Columns<'static>;
    // The time of the statement, not of the transaction: this statement begins after its devices
    // were locked.
    const SQL: &'static str = "insert into status_changes
           (noted_at, charge_point_id, place, at, connector_id, status, previous_status, error_code,
            vendor_error_code, online, gateway_id, confidence)
         select statement_timestamp(), change.* from unnest($1::text[], $2::integer[], $3::timestamptz[], $4::smallint[], $5::text[],
           $6::text[], $7::text[], $8::text[], $9::boolean[], $10::text[], $11::text[]) as change";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.charge_point_id)?;
        columns.push::<Int4, _>(&self.place)?;
        columns.push::<Timestamptz, _>(&self.at)?;
        columns.push::<Nullable<Int2>, _>(&self.connector_id)?;
        columns.push::<Nullable<Text>, _>(&self.status)?;
        columns.push::<Nullable<Text>, _>(&self.previous_status)?;
        columns.push::<Nullable<Text>, _>(&self.error_code)?;
        columns.push::<Nullable<Text>, _>(&self.vendor_error_code)?;
        columns.push::<Nullable<Bool>, _>(&self.online)?;
        columns.push::<Nullable<Text>, _>(&self.gateway_id)?;
        columns.push::<Nullable<Text>, _>(&self.confidence)
    }
}
