//! The changes of devices since their beginnings.

use super::{Devices, broken, columns, of};
use crate::{Connection, StorageError};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Bool, Int2, Int4, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::devices::presence::Confidence;
use domain::ids::ConnectorId;
use domain::reliability::{Connection as Link, DatedFact, Fact};
use domain::status::ConnectorStatus;

/// How far the clock of a device may be ahead of PostgreSQL's: changes may have been recorded this long
/// before they are said to have happened.
const AHEAD: TimeDelta = TimeDelta::days(1);

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Timestamptz)]
    noted_at: DateTime<Utc>,
    #[diesel(sql_type = Int4)]
    place: i32,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Int2>)]
    connector_id: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    previous_status: Option<String>,
    #[diesel(sql_type = Nullable<Bool>)]
    online: Option<bool>,
    #[diesel(sql_type = Nullable<Text>)]
    confidence: Option<String>,
}

/// Reads the changes of each device since its beginning.
pub(super) async fn read(tx: &mut Connection, devices: &mut Devices) -> Result<(), StorageError> {
    let (ids, begins) = columns(devices);
    let Some(first) = begins.iter().min().copied() else { return Ok(()) };
    // The times are constants of the plan, so that only the days since then are locked and read.
    let rows: Vec<Row> = diesel::sql_query(
        "select change.charge_point_id, change.noted_at, change.place, change.at, change.connector_id, change.status,
                change.previous_status, change.online, change.confidence
         from unnest($1, $2) as device (charge_point_id, begin)
         join status_changes as change on change.charge_point_id = device.charge_point_id
           and change.at >= device.begin
         where change.noted_at > $3",
    )
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<Timestamptz>, _>(&begins)
    .bind::<Timestamptz, _>(first - AHEAD)
    .load(tx)
    .await?;
    for row in rows {
        let device = of(devices, &row.charge_point_id)?;
        device.read_until = device.read_until.max(row.noted_at);
        device.facts.push(DatedFact { at: row.at, recorded: (row.noted_at, row.place), fact: row.fact()? });
    }
    Ok(())
}

fn status(name: &str) -> Result<ConnectorStatus, StorageError> {
    ConnectorStatus::parse(name).ok_or_else(|| broken(format!("status {name}")))
}

impl Row {
    fn fact(&self) -> Result<Fact, StorageError> {
        match (self.connector_id, self.status.as_deref(), self.online) {
            (Some(number), Some(name), None) => Ok(Fact::Status {
                connector: ConnectorId::parse(number.into()).map_err(broken)?,
                previous: self.previous_status.as_deref().map(status).transpose()?,
                status: status(name)?,
            }),
            (None, None, Some(online)) => {
                let confidence = match self.confidence.as_deref() {
                    None => Confidence::Live,
                    Some(word) => Confidence::parse(word).ok_or_else(|| broken(word))?,
                };
                Ok(Fact::Connection(Link::of(online, confidence)))
            }
            _ => Err(broken("a change of neither a status nor a connectivity")),
        }
    }
}
