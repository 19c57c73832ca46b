//! How the piles and connectors of stations stand, counted: many stations in one statement.

use crate::bulk::{self, Bulk, Lookup, Rows};
use crate::{Connection, StorageError};
use diesel::QueryResult;
use diesel::sql_types::{Int8, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::asset::ConnectorType;
use domain::ids::StationId;
use domain::status::PileStatus;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// How many there are of each status; none of those that are not here.
pub type Tally = BTreeMap<PileStatus, i64>;

/// How the piles and connectors of a station stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Availability {
    /// Its piles.
    pub piles: Tally,
    /// Their connectors, declared or heard of, by type, which is `None` where it was not declared. All connectors of a device
    /// that is offline are `Offline`, all of one that is out of service as a whole are that.
    pub connectors: BTreeMap<Option<ConnectorType>, Tally>,
}

impl Availability {
    /// All connectors, whatever their type.
    #[must_use]
    pub fn connectors_of_all_types(&self) -> Tally {
        let mut all = Tally::new();
        for (status, count) in self.connectors.values().flatten() {
            *all.entry(*status).or_default() += count;
        }
        all
    }
}

/// The status of the device of a row of `piles`, as [`PileStatus::roll_up`] tells it.
macro_rules! pile_status {
    () => {
        "coalesce(
           (select case when not device.online then 'Offline' else coalesce(
              (select status from connectors
               where charge_point_id = device.charge_point_id and connector_id = 0 and status in ('Faulted', 'Unavailable')),
              (select status from connectors
               where charge_point_id = device.charge_point_id and connector_id <> 0 and status is not null
               order by array_position(array['Available', 'Preparing', 'Reserved', 'Finishing', 'SuspendedEV',
                                             'SuspendedEVSE', 'Charging', 'Unavailable', 'Faulted'], status) limit 1),
              (select status from connectors where charge_point_id = device.charge_point_id and connector_id = 0)) end
            from charge_points as device where device.charge_point_id = piles.charge_point_id), 'Unknown')"
    };
}
pub(crate) use pile_status;

/// How the piles and connectors of the stations called `ids` stand; a station without piles is not in the answer.
///
/// # Errors
/// When Postgres fails, or holds a word that is none.
pub async fn load_many(
    connection: &mut Connection,
    ids: &[StationId],
) -> Result<HashMap<StationId, Availability>, StorageError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<Count> = Bulk(Wanted { ids }).load(connection).await?;
    let mut stations: HashMap<StationId, Availability> = HashMap::new();
    for (station, of, kind, status, count) in rows {
        let status = PileStatus::parse(&status).ok_or_else(|| broken(&status))?;
        let kind = kind.map(|kind| ConnectorType::parse(&kind).ok_or_else(|| broken(&kind))).transpose()?;
        let station = stations.entry(StationId(station)).or_default();
        let tally =
            if of == "pile" { &mut station.piles } else { station.connectors.entry(kind).or_default() };
        tally.insert(status, count);
    }
    Ok(stations)
}

/// The same of one station.
///
/// # Errors
/// As [`load_many`].
pub async fn load(connection: &mut Connection, id: StationId) -> Result<Availability, StorageError> {
    Ok(load_many(connection, &[id]).await?.remove(&id).unwrap_or_default())
}

fn broken(word: &str) -> StorageError {
    StorageError::inconsistent("connectors", format!("the word {word}"))
}

/// Station, `pile` or `connector`, type, status and how many.
type Count = (Uuid, String, Option<String>, String, i64);

struct Wanted {
    ids: Vec<Uuid>,
}

impl Rows for Wanted {
    type Statement = Self;
    const BEFORE: &'static str = concat!(
        "with standing as (
           select piles.station_id, piles.charge_point_id, piles.connectors, ",
        pile_status!(),
        " as status
           from unnest("
    );
    const AFTER: &'static str = ") as wanted (id) join piles on piles.station_id = wanted.id and piles.retired_at is null)
         select station_id, 'pile', null, status, count(*) from standing group by station_id, status
         union all
         select station_id, 'connector', outlet.kind,
                case when standing.status in ('Offline', 'Unknown') then standing.status
                     else coalesce(whole.status, outlet.status, 'Unknown') end,
                count(*)
         from standing
         left join connectors as whole
           on whole.charge_point_id = standing.charge_point_id and whole.connector_id = 0
              and whole.status in ('Faulted', 'Unavailable')
         cross join lateral (
           select max(kind) as kind, max(status) as status
           from (select (declared ->> 'connectorId')::smallint as id, declared ->> 'type' as kind, null as status
                 from jsonb_array_elements(standing.connectors) as declared
                 union all
                 select connector_id, null, status from connectors as heard
                 where heard.charge_point_id = standing.charge_point_id and connector_id <> 0) as outlets
           group by id) as outlet
         group by 1, 3, 4";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<SqlUuid, _>(&self.ids)
    }
}

impl Lookup for Wanted {
    type Answer = (SqlUuid, Text, Nullable<Text>, Text, Int8);
}
