//! What the rules need to know of devices: where they are, what is worked on, and whether their events
//! arrive in time.

use super::PUNCTUAL;
use crate::issues::broken;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::ids::ChargePointId;
use domain::issues::{Maintenance, Period};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Where a device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Its pile.
    pub pile_id: Uuid,
    /// The station of the pile.
    pub station_id: Uuid,
    /// The operator of the station; `None` if it has none.
    pub operator_id: Option<String>,
}

/// The places of devices; those in no pile are left out.
pub(super) type Places = BTreeMap<ChargePointId, Place>;

#[derive(QueryableByName)]
struct PlaceRow {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = SqlUuid)]
    pile_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    station_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    operator_id: Option<String>,
}

/// The current places of `devices`.
pub(super) async fn load_places(
    tx: &mut Connection,
    devices: &BTreeSet<ChargePointId>,
) -> Result<Places, StorageError> {
    let devices: Vec<&str> = devices.iter().map(ChargePointId::as_str).collect();
    let rows: Vec<PlaceRow> = diesel::sql_query(
        "select piles.charge_point_id, piles.id as pile_id, stations.id as station_id, stations.operator_id
         from piles join stations on stations.id = piles.station_id
         where piles.charge_point_id = any($1) and piles.retired_at is null",
    )
    .bind::<Array<Text>, _>(devices)
    .load(tx)
    .await?;
    let place = |row: PlaceRow| {
        let place = Place { pile_id: row.pile_id, station_id: row.station_id, operator_id: row.operator_id };
        Ok((ChargePointId::parse(&row.charge_point_id).map_err(broken)?, place))
    };
    rows.into_iter().map(place).collect()
}

#[derive(QueryableByName)]
struct WindowRow {
    #[diesel(sql_type = SqlUuid)]
    station_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pile_id: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    begins_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    ends_at: DateTime<Utc>,
}

/// The maintenance windows at `places` that have not been over for long: an evaluation that is late must
/// know them.
pub(super) async fn load_maintenance(
    tx: &mut Connection,
    places: &Places,
) -> Result<Maintenance, StorageError> {
    let stations: BTreeSet<Uuid> = places.values().map(|place| place.station_id).collect();
    let rows: Vec<WindowRow> = diesel::sql_query(
        "select station_id, pile_id, begins_at, ends_at from maintenance_windows
         where station_id = any($1) and ends_at > now() - interval '3 days' and begins_at < ends_at
         order by begins_at",
    )
    .bind::<Array<SqlUuid>, _>(stations.into_iter().collect::<Vec<_>>())
    .load(tx)
    .await?;
    let mut maintenance = Maintenance::default();
    for (device, place) in places {
        let here = |row: &&WindowRow| {
            row.station_id == place.station_id && row.pile_id.is_none_or(|pile| pile == place.pile_id)
        };
        for row in rows.iter().filter(here) {
            maintenance.add(device.clone(), Period { from: row.begins_at, until: row.ends_at });
        }
    }
    Ok(maintenance)
}

/// Since when events are written as they come; `None` if ingest is late. What was written before, and is
/// evaluated late, shows nothing.
pub(super) async fn punctual_from(
    tx: &mut Connection,
    topic: &str,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    #[derive(QueryableByName)]
    struct Caught {
        #[diesel(sql_type = Nullable<Timestamptz>)]
        up_to: Option<DateTime<Utc>>,
    }
    let caught: Caught =
        diesel::sql_query("select min(caught_up_at) as up_to from ingest_partitions where topic = $1")
            .bind::<Text, _>(topic)
            .get_result(tx)
            .await?;
    let from = now - PUNCTUAL;
    Ok(caught.up_to.filter(|up_to| *up_to >= from).map(|_| from))
}
