//! What the days of devices are computed from.

mod facts;
mod places;

use super::Due;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Bool, Int2, Int8, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::devices::presence::Confidence;
use domain::ids::{ChargePointId, ConnectorId};
use domain::reliability::{BeginState, Connection as Link, DatedFact, OpenFailure, Start, Stay, Window};
use domain::status::ConnectorStatus;
use std::collections::{BTreeMap, HashMap};

/// A device with all that its days are computed from.
pub(super) struct Device {
    pub id: ChargePointId,
    /// From when it is computed.
    pub begin: DateTime<Utc>,
    pub state: BeginState,
    pub facts: Vec<DatedFact>,
    pub stays: Vec<Stay>,
    pub open: BTreeMap<ConnectorId, OpenFailure>,
    pub starts: Vec<Start>,
    /// Until when all changes that were recorded are read.
    pub read_until: DateTime<Utc>,
}

/// The devices by their ids.
type Devices = BTreeMap<String, Device>;

pub(super) fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("reliability_days", what)
}

/// The device with this id, which was asked for.
fn of<'a>(devices: &'a mut Devices, id: &str) -> Result<&'a mut Device, StorageError> {
    devices.get_mut(id).ok_or_else(|| broken(format!("the device {id} was not asked for")))
}

/// The ids and beginnings, as columns.
fn columns(devices: &Devices) -> (Vec<&str>, Vec<DateTime<Utc>>) {
    devices.iter().map(|(id, device)| (id.as_str(), device.begin)).unzip()
}

/// Loads the devices that are due, which are locked.
pub(super) async fn load(
    tx: &mut Connection,
    window: &Window,
    due: Vec<Due>,
) -> Result<Vec<Device>, StorageError> {
    let mut devices = begin(tx, window, due).await?;
    // Before the changes: a status without a change after the beginning is the current one.
    current(tx, &mut devices).await?;
    carry(tx, &mut devices).await?;
    facts::read(tx, &mut devices).await?;
    places::read(tx, &mut devices, window).await?;
    Ok(devices.into_values().collect())
}

#[derive(QueryableByName)]
struct Late {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

/// From when each device is computed: late facts concern days that are computed already.
async fn begin(tx: &mut Connection, window: &Window, due: Vec<Due>) -> Result<Devices, StorageError> {
    // A device that was never computed has no days that facts could be late for.
    let ids: Vec<&str> = due.iter().map(|device| device.charge_point_id.as_str()).collect();
    let read: Vec<_> = due.iter().map(|device| device.read_until).collect();
    let computed: Vec<_> = due.iter().map(|device| device.computed_until).collect();
    let late: Vec<Late> = diesel::sql_query(
        "select change.charge_point_id, min(change.at) as at
         from unnest($1, $2, $3) as device (charge_point_id, read_until, computed_until)
         join status_changes as change on change.charge_point_id = device.charge_point_id
           and change.noted_at > device.read_until and change.at < device.computed_until
         where change.noted_at > $4
         group by change.charge_point_id",
    )
    .bind::<Array<Text>, _>(&ids)
    .bind::<Array<Nullable<Timestamptz>>, _>(&read)
    .bind::<Array<Nullable<Timestamptz>>, _>(computed)
    // A constant of the plan, so that only the days since then are locked and read.
    .bind::<Timestamptz, _>(read.iter().flatten().min().copied().unwrap_or(window.until))
    .load(tx)
    .await?;
    let late: HashMap<_, _> = late.into_iter().map(|late| (late.charge_point_id, late.at)).collect();
    let device = |due: Due| {
        let late = late.get(&due.charge_point_id).copied();
        let touched = [late, due.dirty_from].into_iter().flatten().min();
        let device = Device {
            id: ChargePointId::parse(&due.charge_point_id).map_err(broken)?,
            begin: window.begin(due.computed_until, touched),
            state: BeginState::default(),
            facts: Vec::new(),
            stays: Vec::new(),
            open: BTreeMap::new(),
            starts: Vec::new(),
            // What was recorded before the grace time is committed.
            read_until: window.until,
        };
        Ok::<_, StorageError>((due.charge_point_id, device))
    };
    due.into_iter().map(device).collect()
}

#[derive(QueryableByName)]
struct Current {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Bool)]
    online: bool,
    #[diesel(sql_type = Nullable<Text>)]
    confidence: Option<String>,
    #[diesel(sql_type = Nullable<Int2>)]
    connector_id: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
}

/// Reads the current state of the devices.
async fn current(tx: &mut Connection, devices: &mut Devices) -> Result<(), StorageError> {
    let rows: Vec<Current> = diesel::sql_query(
        "select device.charge_point_id, device.online, device.confidence, connector.connector_id, connector.status
         from charge_points as device
         left join connectors as connector
           on connector.charge_point_id = device.charge_point_id and connector.status is not null
         where device.charge_point_id = any($1)",
    )
    .bind::<Array<Text>, _>(columns(devices).0)
    .load(tx)
    .await?;
    for row in rows {
        let state = &mut of(devices, &row.charge_point_id)?.state;
        let confidence = match row.confidence.as_deref() {
            None => Confidence::Live,
            Some(word) => Confidence::parse(word).ok_or_else(|| broken(word))?,
        };
        state.current_connection = Some(Link::of(row.online, confidence));
        if let Some((number, status)) = row.connector_id.zip(row.status) {
            let connector = ConnectorId::parse(number.into()).map_err(broken)?;
            let status = ConnectorStatus::parse(&status).ok_or_else(|| broken(status))?;
            state.current_statuses.insert(connector, status);
        }
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Carried {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Int2)]
    connector_id: i16,
    #[diesel(sql_type = Nullable<Int8>)]
    failure_s: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    connection: Option<String>,
}

/// Reads what the day before the beginning has left.
async fn carry(tx: &mut Connection, devices: &mut Devices) -> Result<(), StorageError> {
    let (ids, begins) = columns(devices);
    let rows: Vec<Carried> = diesel::sql_query(
        "select distinct on (day.charge_point_id, day.connector_id)
                day.charge_point_id, day.connector_id, day.failure_s, day.connection
         from unnest($1, $2) as device (charge_point_id, begin)
         join reliability_days as day on day.charge_point_id = device.charge_point_id
           and day.began_at < device.begin and day.began_at > device.begin - interval '2 days'
         order by day.charge_point_id, day.connector_id, day.began_at desc",
    )
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<Timestamptz>, _>(begins)
    .load(tx)
    .await?;
    for row in rows {
        let device = of(devices, &row.charge_point_id)?;
        let connector = ConnectorId::parse(row.connector_id.into()).map_err(broken)?;
        device.open.insert(connector, OpenFailure(row.failure_s));
        let connection = row.connection.map(|word| Link::parse(&word).ok_or_else(|| broken(word)));
        device.state.connection = connection.transpose()?.or(device.state.connection);
    }
    Ok(())
}
