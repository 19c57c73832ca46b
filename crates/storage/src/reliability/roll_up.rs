//! Computing the days of devices: some devices in one transaction, each under the lock of its row of
//! `reliability_devices`. Whatever is interrupted is done again, and of two replicas that work at the
//! same time each computes other devices.

mod load;
mod write;

use crate::devices::status_changes::DAYS;
use crate::{Connection, StorageError};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Int8, Nullable, Text, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::ids::ChargePointId;
use domain::reliability::{Day, DayPart, DeviceHistory, Window, roll_up};

/// The outcome of computing some devices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Computed {
    /// The devices that were due, in order; the next ones come after the last of them.
    pub devices: Vec<ChargePointId>,
    /// How many rows were written.
    pub rows: usize,
}

/// A device whose days are due.
#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    computed_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    read_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    dirty_from: Option<DateTime<Utc>>,
}

/// The devices with days to compute, or to compute again: those with a place since the last computed
/// day. `$1` is the end of the last day that has ended.
macro_rules! due {
    () => {
        "from reliability_devices as device
         where (device.dirty_from is not null or device.computed_until is null or device.computed_until < $1)
           and exists (select from placements where placements.charge_point_id = device.charge_point_id
                       and (placed_until is null or placed_until > coalesce(device.dirty_from, device.computed_until, '-infinity')))"
    };
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Int8)]
    devices: i64,
}

/// The number of devices that are due.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn backlog(connection: &mut Connection, window: &Window) -> Result<i64, StorageError> {
    let statement = concat!("select count(*) as devices ", due!());
    let query = diesel::sql_query(statement).bind::<Timestamptz, _>(window.until);
    let Count { devices } = query.get_result(connection).await?;
    Ok(devices)
}

/// The first day (in UTC) of the status history, if days before it were deleted; days of the ledger older
/// than that cannot be computed again.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn deleted_before(connection: &mut Connection) -> Result<Option<NaiveDate>, StorageError> {
    let days = DAYS.list(connection).await?;
    let Some(oldest) = days.as_slice().first().copied() else { return Ok(None) };
    // A day by any clock begins less than a day before the same day in UTC.
    let begin = oldest.and_time(NaiveTime::MIN).and_utc() - TimeDelta::days(1);
    let statement = "select exists (select from reliability_days where began_at < $1) as has_older";
    let query = diesel::sql_query(statement).bind::<Timestamptz, _>(begin);
    let Older { has_older } = query.get_result(connection).await?;
    Ok(has_older.then_some(oldest))
}

#[derive(QueryableByName)]
struct Older {
    #[diesel(sql_type = Bool)]
    has_older: bool,
}

/// Computes up to `limit` devices that are due, in the order of their ids; only those after `after`. It
/// leaves out devices that another transaction holds.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid; then no device is computed.
pub async fn compute(
    connection: &mut Connection,
    window: &Window,
    after: Option<&ChargePointId>,
    limit: i64,
) -> Result<Computed, StorageError> {
    compute_range(connection, window, Range { after, only: None, limit }).await
}

/// Computes `device`, if it is due and no other transaction holds it.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn compute_one(
    connection: &mut Connection,
    window: &Window,
    device: &ChargePointId,
) -> Result<Computed, StorageError> {
    compute_range(connection, window, Range { after: None, only: Some(device), limit: 1 }).await
}

/// Up to `limit` devices that are due, in the order of their ids; only those after `after`.
///
/// # Errors
/// If PostgreSQL fails or an id is invalid.
pub async fn list_due(
    connection: &mut Connection,
    window: &Window,
    after: Option<&ChargePointId>,
    limit: i64,
) -> Result<Vec<ChargePointId>, StorageError> {
    let due = find_due(connection, window, Range { after, only: None, limit }, NO_LOCK).await?;
    due.iter().map(|device| ChargePointId::parse(&device.charge_point_id).map_err(load::broken)).collect()
}

/// Some devices in the order of their ids.
#[derive(Debug, Clone, Copy)]
struct Range<'a> {
    /// Only those after this one.
    after: Option<&'a ChargePointId>,
    /// Only this one.
    only: Option<&'a ChargePointId>,
    /// The most devices.
    limit: i64,
}

async fn compute_range(
    connection: &mut Connection,
    window: &Window,
    range: Range<'_>,
) -> Result<Computed, StorageError> {
    connection
        .transaction(async |tx| {
            let due = find_due(tx, window, range, LOCK).await?;
            if due.is_empty() {
                return Ok(Computed::default());
            }
            let loaded = load::load(tx, window, due).await?;
            let parts: Vec<_> = loaded.iter().map(|device| (device, days_of(device, window))).collect();
            let rows = write::replace(tx, window, &parts).await?;
            Ok(Computed { devices: loaded.into_iter().map(|device| device.id).collect(), rows })
        })
        .await
}

fn days_of(device: &load::Device, window: &Window) -> Vec<DayPart> {
    let days = Day::split(window.zone, device.begin, window.until);
    let history = DeviceHistory::since(device.begin, &device.state, device.facts.iter().copied());
    roll_up(&history, &days, &device.stays, &device.open, &device.starts)
}

/// The statement that finds devices which are due, with a clause that locks them.
macro_rules! find_due {
    ($lock:literal) => {
        concat!(
            "select device.charge_point_id, device.computed_until, device.read_until, device.dirty_from ",
            due!(),
            " and device.charge_point_id > $2 and ($3::text is null or device.charge_point_id = $3)
             order by device.charge_point_id limit $4",
            $lock
        )
    };
}

const LOCK: &str = find_due!(" for update of device skip locked");
const NO_LOCK: &str = find_due!("");

async fn find_due(
    connection: &mut Connection,
    window: &Window,
    range: Range<'_>,
    statement: &'static str,
) -> Result<Vec<Due>, StorageError> {
    let due = diesel::sql_query(statement)
        .bind::<Timestamptz, _>(window.until)
        // Before all devices: none has an empty id.
        .bind::<Text, _>(range.after.map_or("", ChargePointId::as_str))
        .bind::<Nullable<Text>, _>(range.only.map(ChargePointId::as_str))
        .bind::<Int8, _>(range.limit)
        .load(connection)
        .await?;
    Ok(due)
}
