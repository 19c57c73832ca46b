//! A station in responses.

use crate::freshness::{Confidence, FreshnessPolicy};
use chrono::{DateTime, Utc};
use domain::assets::{
    ConnectorType, Facility, Location, OpeningHours, StartableStatuses, Station, StationStatus,
};
use domain::ids::StationId;
use domain::text::Label;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use storage::assets::availability::{Availability, Tally};

/// A station with the availability of its piles. `distanceM` is present only in lists with `near`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Station")]
pub struct StationView<'a> {
    id: StationId,
    name: &'a Label,
    address: Option<&'a Label>,
    operator_id: Option<&'a Label>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    status: StationStatus,
    opening_hours: Option<&'a OpeningHours>,
    facilities: &'a BTreeSet<Facility>,
    startable_statuses: Option<&'a StartableStatuses>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    retired_at: Option<DateTime<Utc>>,
    version: i64,
    availability: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_m: Option<f64>,
}

/// The numbers of piles and connectors by status.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Availability")]
struct Counts {
    piles: BTreeMap<&'static str, i64>,
    connectors: BTreeMap<&'static str, i64>,
    /// The numbers of piles by confidence in their status.
    confidence: BTreeMap<Confidence, i64>,
}

/// The numbers of a station's piles and connectors by status, and of connectors by type.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "StationAvailability")]
pub struct AvailabilityView {
    station_id: StationId,
    #[serde(flatten)]
    counts: Counts,
    by_type: Vec<TypeView>,
}

/// The numbers of connectors of one type by status; the type is null for connectors that were not
/// declared.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AvailabilityOfType")]
struct TypeView {
    #[serde(rename = "type")]
    kind: Option<ConnectorType>,
    connectors: BTreeMap<&'static str, i64>,
}

fn by_status(tally: &Tally) -> BTreeMap<&'static str, i64> {
    tally.iter().map(|(status, count)| (status.as_str(), *count)).collect()
}

impl Counts {
    fn of(availability: &Availability, policy: FreshnessPolicy<'_>) -> Self {
        Self {
            piles: by_status(&availability.piles),
            connectors: by_status(&availability.connectors_of_all_types()),
            confidence: policy.count(availability.trust.iter().map(|trust| (trust, 1))),
        }
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
            availability: Counts::of(availability, policy),
            distance_m: None,
        }
    }

    /// Adds the distance of `station` from `place`, rounded to 0.1 m.
    pub fn seen_from(self, station: &Station, place: Location) -> Self {
        let distance_m = station.details.location.map(|location| location.distance_m(place));
        Self { distance_m: distance_m.map(|distance| (distance * 10.0).round() / 10.0), ..self }
    }
}
