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
use std::sync::Arc;
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

/// A pile that is not retired, with what it adds to the availability of its station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PileState {
    /// The station of the pile.
    pub station_id: StationId,
    /// The device in the pile.
    pub charge_point_id: Arc<str>,
    /// The status of the pile.
    pub status: PileStatus,
    /// The type and the status of each connector, declared or reported.
    pub connectors: Box<[(Option<ConnectorType>, PileStatus)]>,
    /// The data that determines how far the status can be trusted.
    pub trust: Trust,
}

/// The availability of the stations with these ids. Stations without piles are absent.
///
/// # Errors
/// If PostgreSQL fails, or a row contains an unknown word.
pub async fn load_many(
    connection: &mut Connection,
    ids: &[StationId],
) -> Result<HashMap<StationId, Availability>, StorageError> {
    let mut stations: HashMap<StationId, Availability> = HashMap::new();
    for pile in piles_of_stations(connection, ids).await? {
        stations.entry(pile.station_id).or_default().add(&pile);
    }
    Ok(stations)
}

/// The piles of the stations with these ids.
///
/// # Errors
/// If PostgreSQL fails, or a row contains an unknown word.
pub async fn piles_of_stations(
    connection: &mut Connection,
    ids: &[StationId],
) -> Result<Vec<PileState>, StorageError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<PileRow> = Bulk(OfStations { ids }).load(connection).await?;
    rows.into_iter().map(PileState::try_from).collect()
}

/// The piles with these devices. Devices that are in no pile are absent.
///
/// # Errors
/// If PostgreSQL fails, or a row contains an unknown word.
pub async fn piles_with_devices(
    connection: &mut Connection,
    devices: Vec<String>,
) -> Result<Vec<PileState>, StorageError> {
    let rows: Vec<PileRow> = Bulk(WithDevices { devices }).load(connection).await?;
    rows.into_iter().map(PileState::try_from).collect()
}

impl TryFrom<PileRow> for PileState {
    type Error = StorageError;

    fn try_from(row: PileRow) -> Result<Self, StorageError> {
        let (station, device, declared, online, confidence, partition, heard_at, numbers, statuses) = row;
        let heard = heard(&numbers.unwrap_or_default(), &statuses.unwrap_or_default())?;
        let declared = serde_json::from_str(&declared).map_err(broken)?;
        let confidence = online.map(|_| charge_points::confidence(confidence.as_deref())).transpose()?;
        let reports = heard.iter().filter_map(|(id, status)| Some((*id, (*status)?)));
        Ok(Self {
            station_id: StationId(station),
            charge_point_id: device.into(),
            status: online.map_or(PileStatus::Unknown, |online| PileStatus::roll_up(online, reports)),
            connectors: connectors(declared, online, heard),
            trust: Trust { confidence, partition, online: online == Some(true), heard_at },
        })
    }
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
    /// Adds a pile.
    pub fn add(&mut self, pile: &PileState) {
        *self.piles.entry(pile.status).or_default() += 1;
        for (kind, status) in &pile.connectors {
            *self.connectors.entry(*kind).or_default().entry(*status).or_default() += 1;
        }
        self.trust.push(pile.trust);
    }
}

/// The connectors of a pile: the `declared` ones and those in `heard`, which its device reported. The
/// device is `online` (`None`: never heard).
fn connectors(
    declared: Vec<Declared>,
    online: Option<bool>,
    heard: BTreeMap<ConnectorId, Option<ConnectorStatus>>,
) -> Box<[(Option<ConnectorType>, PileStatus)]> {
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
    let status = |(kind, status)| (kind, PileStatus::of_connector(online, out.or(status)));
    outlets.into_values().map(status).collect()
}

/// A declared connector, with the fields that are counted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Declared {
    connector_id: ConnectorId,
    #[serde(rename = "type")]
    kind: ConnectorType,
}

/// A pile: its station, its device, its declared connectors, whether the device is online (null: never
/// heard), its confidence, the partition of its last event, when it was last heard, and the ids and
/// statuses of its connectors.
type PileRow = (
    Uuid,
    String,
    String,
    Option<bool>,
    Option<String>,
    Option<i32>,
    Option<DateTime<Utc>>,
    Option<Vec<i16>>,
    Option<Vec<Option<String>>>,
);

/// The SQL types of a [`PileRow`].
type PileAnswer = (
    SqlUuid,
    Text,
    Text,
    Nullable<Bool>,
    Nullable<Text>,
    Nullable<Int4>,
    Nullable<Timestamptz>,
    Nullable<Array<Int2>>,
    Nullable<Array<Nullable<Text>>>,
);

/// The statement for the piles that fulfil a condition on `wanted.id`.
macro_rules! piles_of {
    ($wanted:literal) => {
        concat!(
            "select piles.station_id, piles.charge_point_id, piles.connectors::text, device.online, device.confidence,
                    device.seen_partition, greatest(device.last_seen_at, device.written_at), heard.numbers, heard.statuses
             from unnest(",
            $wanted,
            " and piles.retired_at is null
             left join charge_points as device on device.charge_point_id = piles.charge_point_id
             cross join lateral (
               select array_agg(connector_id) as numbers, array_agg(status) as statuses
               from connectors where connectors.charge_point_id = device.charge_point_id) as heard"
        )
    };
}

struct OfStations {
    ids: Vec<Uuid>,
}

impl Rows for OfStations {
    type Statement = Self;
    const SQL: &'static str =
        piles_of!("$1::uuid[]) as wanted (id) join piles on piles.station_id = wanted.id");

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<SqlUuid, _>(&self.ids)
    }
}

impl Lookup for OfStations {
    type Answer = PileAnswer;
}

struct WithDevices {
    devices: Vec<String>,
}

impl Rows for WithDevices {
    type Statement = Self;
    const SQL: &'static str =
        piles_of!("$1::text[]) as wanted (id) join piles on piles.charge_point_id = wanted.id");

    fn columns<'b>(&'b self, columns: &mut bulk::Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.devices)
    }
}

impl Lookup for WithDevices {
    type Answer = PileAnswer;
}
