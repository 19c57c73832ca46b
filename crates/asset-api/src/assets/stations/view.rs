//! A station as responses show it.

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

/// A station as a response shows it.
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

/// How many piles and connectors there are of each status.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Availability")]
struct Counts {
    piles: BTreeMap<&'static str, i64>,
    connectors: BTreeMap<&'static str, i64>,
    /// Piles by how far their statuses can be trusted.
    confidence: BTreeMap<Confidence, i64>,
}

/// How the piles and connectors of a station stand, whole.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "StationAvailability")]
pub struct AvailabilityView {
    station_id: StationId,
    #[serde(flatten)]
    counts: Counts,
    by_type: Vec<TypeView>,
}

/// How the connectors of one type stand.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AvailabilityOfType")]
struct TypeView {
    #[serde(rename = "type")]
    kind: Option<ConnectorType>,
    connectors: BTreeMap<&'static str, i64>,
}

fn words(tally: &Tally) -> BTreeMap<&'static str, i64> {
    tally.iter().map(|(status, count)| (status.as_str(), *count)).collect()
}

impl Counts {
    fn of(availability: &Availability, policy: FreshnessPolicy<'_>) -> Self {
        Self {
            piles: words(&availability.piles),
            connectors: words(&availability.connectors_of_all_types()),
            confidence: policy.count(availability.trust.iter().map(|trust| (trust, 1))),
        }
    }
}

impl AvailabilityView {
    /// All of it.
    pub fn of(station_id: StationId, availability: &Availability, policy: FreshnessPolicy<'_>) -> Self {
        let types = availability.connectors.iter();
        let by_type = types.map(|(kind, tally)| TypeView { kind: *kind, connectors: words(tally) });
        Self { station_id, counts: Counts::of(availability, policy), by_type: by_type.collect() }
    }
}

impl<'a> StationView<'a> {
    /// `station`, whose piles stand as `availability` says.
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
            created_at: station.edition.created_at,
            updated_at: station.edition.updated_at,
            retired_at: station.edition.retired_at,
            version: station.edition.version,
            availability: Counts::of(availability, policy),
            distance_m: None,
        }
    }

    /// The same, seen from `place`; in tenths of a metre.
    pub fn seen_from(self, station: &Station, place: Location) -> Self {
        let distance_m = station.details.location.map(|location| location.distance_m(place));
        Self { distance_m: distance_m.map(|distance| (distance * 10.0).round() / 10.0), ..self }
    }
}
