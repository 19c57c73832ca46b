//! The statuses of the piles and connectors of stations, counted for many stations in one statement
//! that reads each row once. `domain` derives a pile's status; deriving it in SQL for each row
//! would cost more than reading all rows.

use crate::database::bulk::{self, Bulk, Lookup, Rows};
use crate::devices::charge_points;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::sql_types::{Array, Bool, Int2, Int4, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::ConnectorType;
use domain::devices::presence::Confidence;
use domain::ids::{ConnectorId, StationId};
use domain::status::{ConnectorStatus, PileStatus};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Number of piles or connectors per status; statuses without any are absent.
pub type Tally = BTreeMap<PileStatus, i64>;

/// The statuses of the piles and connectors of a station.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Availability {
    /// The station's piles, by status.
    pub piles: Tally,
    /// The connectors of these piles, declared or reported, by type (`None` if not declared) and
    /// status. All connectors of an offline device are `Offline`; all connectors of a device that
    /// is out of service as a whole have the device's status.
    pub connectors: BTreeMap<Option<ConnectorType>, Tally>,
    /// The data that determines how far the status of each pile can be trusted.
    pub trust: Vec<Trust>,
}

/// The data that determines how far the status of a pile can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust {
    /// The confidence in the device's state; `None` if the device was never heard.
    pub confidence: Option<Confidence>,
    /// The partition of the last event about the device; `None` if unknown.
    pub partition: Option<i32>,
    /// Whether the device is online.
    pub online: bool,
    /// When the platform last heard from the device, see
    /// [`LiveView::heard_at`](crate::assets::piles::LiveView).
    pub heard_at: Option<DateTime<Utc>>,
}

impl Availability {
    /// Counts over all connector types.
    #[must_use]
    pub fn connectors_of_all_types(&self) -> Tally {
        let mut all = Tally::new();
        for (status, count) in self.connectors.values().flatten() {
            *all.entry(*status).or_default() += count;
        }
        all
    }
}

/// The status of a pile in `piles`, derived from its device as by [`PileStatus::roll_up`].
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

/// The availability of the stations with these ids. Stations without piles are absent.
///
/// # Errors
/// If PostgreSQL fails, or a row contains an unknown word.
pub async fn load_many(
    connection: &mut Connection,
    ids: &[StationId],
) -> Result<HashMap<StationId, Availability>, StorageError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<PileRow> = Bulk(Wanted { ids }).load(connection).await?;
    let mut stations: HashMap<StationId, Availability> = HashMap::new();
    for (station, declared, online, confidence, partition, heard_at, numbers, statuses) in rows {
        let heard = heard(&numbers.unwrap_or_default(), &statuses.unwrap_or_default())?;
        let declared = serde_json::from_str(&declared).map_err(broken)?;
        let confidence = online.map(|_| charge_points::confidence(confidence.as_deref())).transpose()?;
        let availability = stations.entry(StationId(station)).or_default();
        let trust = Trust { confidence, partition, online: online == Some(true), heard_at };
        availability.trust.push(trust);
        availability.count(declared, online, heard);
    }
    Ok(stations)
}

/// The connectors with their last reported status.
fn heard(
    numbers: &[i16],
    statuses: &[Option<String>],
) -> Result<BTreeMap<ConnectorId, Option<ConnectorStatus>>, StorageError> {
    let connector = |(number, word): (&i16, &Option<String>)| {
        let id = ConnectorId::parse((*number).into()).map_err(broken)?;
        let status = word.as_deref().map(|word| ConnectorStatus::parse(word).ok_or_else(|| broken(word)));
        Ok((id, status.transpose()?))
    };
    numbers.iter().zip(statuses).map(connector).collect()
}

/// The availability of one station.
///
/// # Errors
/// As [`load_many`].
pub async fn load(connection: &mut Connection, id: StationId) -> Result<Availability, StorageError> {
    Ok(load_many(connection, &[id]).await?.remove(&id).unwrap_or_default())
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("connectors", what)
}

impl Availability {
    /// Counts a pile with the `declared` connectors, whose device is `online` (`None`: never heard)
    /// and reported the connectors in `heard`.
    fn count(
        &mut self,
        declared: Vec<Declared>,
        online: Option<bool>,
        heard: BTreeMap<ConnectorId, Option<ConnectorStatus>>,
    ) {
        let reports = heard.iter().filter_map(|(id, status)| Some((*id, (*status)?)));
        let pile = online.map_or(PileStatus::Unknown, |online| PileStatus::roll_up(online, reports));
        *self.piles.entry(pile).or_default() += 1;
        let out = heard
            .get(&ConnectorId::WHOLE)
            .copied()
            .flatten()
            .filter(|status| matches!(status, ConnectorStatus::Faulted | ConnectorStatus::Unavailable));
        let mut outlets: BTreeMap<ConnectorId, (Option<ConnectorType>, Option<ConnectorStatus>)> =
            declared.into_iter().map(|outlet| (outlet.connector_id, (Some(outlet.kind), None))).collect();
        for (id, status) in heard.into_iter().filter(|(id, _)| !id.is_whole()) {
            outlets.entry(id).or_default().1 = status;
        }
        for (kind, status) in outlets.into_values() {
            let status = PileStatus::of_connector(online, out.or(status));
            *self.connectors.entry(kind).or_default().entry(status).or_default() += 1;
        }
    }
}

/// A declared connector, with the fields that are counted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Declared {
    connector_id: ConnectorId,
    #[serde(rename = "type")]
    kind: ConnectorType,
}

/// A pile: its station, its declared connectors, whether its device is online (null: never heard),
/// its confidence, the partition of its last event, when it was last heard, and the ids and
/// statuses of its connectors.
type PileRow = (
    Uuid,
    String,
    Option<bool>,
    Option<String>,
    Option<i32>,
    Option<DateTime<Utc>>,
    Option<Vec<i16>>,
    Option<Vec<Option<String>>>,
);

struct Wanted {
    ids: Vec<Uuid>,
}

impl Rows for Wanted {
    type Statement = Self;
    const SQL: &'static str = "select piles.station_id, piles.connectors::text, device.online, device.confidence, device.seen_partition,
                greatest(device.last_seen_at, device.written_at), heard.numbers, heard.statuses
         from unnest($1::uuid[]) as wanted (id)
         join piles on piles.station_id = wanted.id and piles.retired_at is null
         left join charge_points as device on device.charge_point_id = piles.charge_point_id
         cross join lateral (
           select array_agg(connector_id) as numbers, array_agg(status) as statuses
           from connectors where connectors.charge_point_id = device.charge_point_id) as heard";

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<SqlUuid, _>(&self.ids)
    }
}

impl Lookup for Wanted {
    type Answer = (
        SqlUuid,
        Text,
        Nullable<Bool>,
        Nullable<Text>,
        Nullable<Int4>,
        Nullable<Timestamptz>,
        Nullable<Array<Int2>>,
        Nullable<Array<Nullable<Text>>>,
    );
}
