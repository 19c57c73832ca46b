//! A station in responses.

use crate::freshness::{Confidence, FreshnessPolicy};
use chrono::{DateTime, Utc};
use domain::assets::{
    ConnectorType, Facility, Location, OpeningHours, StartableStatuses, Station, StationStatus,
};
use domain::ids::StationId;
use domain::text::Label;
use runtime::http::page::Page;
use schemars::JsonSchema;
use serde::{Serialize, ser};
use std::collections::{BTreeMap, BTreeSet};
use storage::assets::availability::{Availability, Tally};

/// A page of stations.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "StationPage")]
pub struct StationPage<'a> {
    #[serde(flatten)]
    page: Page<StationView<'a>>,
    /// When the stations and their piles were read, RFC 3339 in UTC; never before the request. What
    /// event-ingestor wrote by then is counted.
    counted_at: DateTime<Utc>,
}

/// A station with the availability of its piles. `distanceM` is present only in lists with `near`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Station")]
pub struct StationView<'a> {
    /// The id of the station: a version 7 UUID, or the UUID with which it was imported.
    id: StationId,
    /// The name of the station, 1 to 200 characters.
    name: &'a Label,
    /// The postal address, 1 to 200 characters; null if it is not set.
    address: Option<&'a Label>,
    /// The operator that runs the station; null if it is not set.
    operator_id: Option<&'a Label>,
    /// Degrees north (WGS 84), -90 to 90; null, as is `longitude`, if the position is not set.
    latitude: Option<f64>,
    /// Degrees east (WGS 84), -180 to 180; null, as is `latitude`, if the position is not set.
    longitude: Option<f64>,
    /// Whether the station is open for business, as the operator set it; devices do not change it.
    status: StationStatus,
    /// When drivers may come, in the local time of the station; null if it is not set.
    opening_hours: Option<&'a OpeningHours>,
    /// What the site offers besides piles, each word once; empty if nothing is set.
    facilities: &'a BTreeSet<Facility>,
    /// The connector statuses in which a start may be sent to a pile of this station. Null if the
    /// setting `dispatch.startable_statuses` of command-dispatcher applies.
    startable_statuses: Option<&'a StartableStatuses>,
    /// When the station was created, RFC 3339 in UTC.
    created_at: DateTime<Utc>,
    /// When the station was last edited, RFC 3339 in UTC; equal to `createdAt` until the first
    /// edit.
    updated_at: DateTime<Utc>,
    /// When the station was retired, RFC 3339 in UTC; null while it is not retired.
    retired_at: Option<DateTime<Utc>>,
    /// The revision of the station: 1 when it is created, plus one for each edit. The `ETag` is
    /// this number in quotes.
    version: i64,
    /// The piles and connectors of the station, counted by status.
    availability: Counts,
    /// The distance from the point in `near`, in metres, rounded to 0.1 m, with an error of at most
    /// 0.6 %. Absent unless the list was requested with `near`.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_m: Option<f64>,
}

/// The numbers of piles and connectors by status.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Availability")]
struct Counts {
    /// The number of piles for each pile status, retired piles not included. Statuses with a count
    /// of zero are absent.
    piles: BTreeMap<&'static str, i64>,
    /// The number of connectors, declared or reported, for each connector status. They count as
    /// `Offline` if their device is offline, as `Faulted` or `Unavailable` if it is out of service
    /// as a whole, and as `Unknown` if nothing was reported. Statuses with a count of zero are
    /// absent.
    connectors: BTreeMap<&'static str, i64>,
    /// The numbers of piles by confidence in their status.
    confidence: BTreeMap<Confidence, i64>,
}

/// The numbers of a station's piles and connectors by status, and of connectors by type.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "StationAvailability")]
pub struct AvailabilityView {
    /// The station whose piles are counted.
    station_id: StationId,
    #[serde(flatten)]
    counts: Counts,
    /// The connectors of the station, counted for each connector type.
    by_type: Vec<TypeView>,
}

/// The numbers of connectors of one type by status; the type is null for connectors that were not
/// declared.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AvailabilityOfType")]
struct TypeView {
    /// The connector type; null for connectors that a device reported and no operator declared.
    #[serde(rename = "type")]
    kind: Option<ConnectorType>,
    /// The number of connectors of this type for each connector status. Statuses with a count of
    /// zero are absent.
    connectors: BTreeMap<&'static str, i64>,
}

fn by_status(tally: &Tally) -> BTreeMap<&'static str, i64> {
    tally.iter().map(|(status, count)| (status.as_str(), *count)).collect()
}

/// What follows `details_json` in a station without piles.
const NO_COUNTS: &str = r#"{"piles":{},"connectors":{},"confidence":{}}}"#;

/// The station as JSON up to the value of `availability`.
///
/// # Errors
/// If it cannot be serialized.
pub fn details_json(station: &Station) -> serde_json::Result<String> {
    let view = StationView::with_counts(station, Counts::without_confidence(&Availability::default()));
    without_end(&serde_json::to_string(&view)?, NO_COUNTS)
}

/// The value of `availability` as JSON, up to the value of `confidence`.
///
/// # Errors
/// If it cannot be serialized.
pub fn counts_json(availability: &Availability) -> serde_json::Result<String> {
    without_end(&serde_json::to_string(&Counts::without_confidence(availability))?, "{}}")
}

fn without_end(json: &str, end: &str) -> serde_json::Result<String> {
    let begin = json.strip_suffix(end).map(str::to_owned);
    begin.ok_or_else(|| ser::Error::custom(format_args!("{json} does not end in {end}")))
}

/// The distance of a station at `location` from `place`, rounded to 0.1 m.
pub fn distance_m(location: Location, place: Location) -> f64 {
    (location.distance_m(place) * 10.0).round() / 10.0
}

/// A page of stations as JSON, as [`StationPage`] is serialized; `render` appends an item.
///
/// # Errors
/// If a part cannot be serialized.
pub fn page_json<T>(
    page: &Page<T>,
    counted_at: DateTime<Utc>,
    mut render: impl FnMut(&mut Vec<u8>, &T) -> serde_json::Result<()>,
) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(STATION_BYTES * (page.items().len() + 1));
    body.extend_from_slice(b"{\"items\":[");
    for (index, item) in page.items().iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        render(&mut body, item)?;
    }
    body.extend_from_slice(b"],\"nextCursor\":");
    serde_json::to_writer(&mut body, &page.next_cursor())?;
    body.extend_from_slice(b",\"countedAt\":");
    serde_json::to_writer(&mut body, &counted_at)?;
    body.push(b'}');
    Ok(body)
}

/// The usual length of a station in a response, in bytes.
const STATION_BYTES: usize = 1_024;

impl<'a> StationPage<'a> {
    /// A page that was read at `counted_at`.
    pub const fn new(page: Page<StationView<'a>>, counted_at: DateTime<Utc>) -> Self {
        Self { page, counted_at }
    }
}

impl Counts {
    fn without_confidence(availability: &Availability) -> Self {
        Self {
            piles: by_status(&availability.piles),
            connectors: by_status(&availability.connectors_of_all_types()),
            confidence: BTreeMap::new(),
        }
    }

    fn of(availability: &Availability, policy: FreshnessPolicy<'_>) -> Self {
        let confidence = policy.count(availability.trust.iter().map(|trust| (trust, 1)));
        Self { confidence, ..Self::without_confidence(availability) }
    }
}

impl AvailabilityView {
    pub fn of(station_id: StationId, availability: &Availability, policy: FreshnessPolicy<'_>) -> Self {
        let types = availability.connectors.iter();
        let by_type = types.map(|(kind, tally)| TypeView { kind: *kind, connectors: by_status(tally) });
        Self { station_id, counts: Counts::of(availability, policy), by_type: by_type.collect() }
    }
}

impl<'a> StationView<'a> {
    /// Combines `station` with the availability of its piles.
    pub fn of(station: &'a Station, availability: &Availability, policy: FreshnessPolicy<'_>) -> Self {
        Self::with_counts(station, Counts::of(availability, policy))
    }

    fn with_counts(station: &'a Station, availability: Counts) -> Self {
        let details = &station.details;
        Self {
            id: station.id,
            name: &details.name,
            address: details.address.as_ref(),
            operator_id: details.operator_id.as_ref(),
            latitude: details.location.map(Location::latitude),
            longitude: details.location.map(Location::longitude),
            status: details.status,
            opening_hours: details.opening_hours.as_ref(),
            facilities: &details.facilities,
            startable_statuses: details.startable_statuses.as_ref(),
            created_at: station.revision.created_at,
            updated_at: station.revision.updated_at,
            retired_at: station.revision.retired_at,
            version: station.revision.version,
            availability,
            distance_m: None,
        }
    }

    /// Adds the distance of `station` from `place`, rounded to 0.1 m.
    pub fn seen_from(self, station: &Station, place: Location) -> Self {
        Self { distance_m: station.details.location.map(|location| distance_m(location, place)), ..self }
    }
}
