//! A station as JSON.

use crate::error::ApiError;
use crate::fields::Fields;
use crate::fields::parse::{form, number, one_of, text};
use chrono::{DateTime, Utc};
use domain::asset::{Facility, Location, OpeningHours, Station, StationDetails, StationStatus};
use domain::ids::StationId;
use domain::text::Label;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// What a request says of a station.
pub fn read(mut body: Fields) -> Result<StationDetails, ApiError> {
    let name = body.required("name", text(Label::parse));
    let address = body.optional("address", text(Label::parse));
    let operator_id = body.optional("operatorId", text(Label::parse));
    let location = location(&mut body);
    let status = body.optional("status", one_of(&StationStatus::ALL, StationStatus::as_str));
    let opening_hours = body.optional("openingHours", form);
    let facilities = body.optional("facilities", form);
    body.finish(name.map(|name| StationDetails {
        name,
        address,
        operator_id,
        location,
        status: status.unwrap_or_default(),
        opening_hours,
        facilities: facilities.unwrap_or_default(),
    }))
}

fn location(body: &mut Fields) -> Option<Location> {
    match (body.has("latitude"), body.has("longitude")) {
        (true, false) => body.refuse("longitude", "is required with latitude"),
        (false, true) => body.refuse("latitude", "is required with longitude"),
        _ => {}
    }
    // Each by itself at first, so that both can be wrong.
    let latitude = body.optional("latitude", |value| coordinate(value, |degrees| (degrees, 0.0)));
    let longitude = body.optional("longitude", |value| coordinate(value, |degrees| (0.0, degrees)));
    Location::parse(latitude?, longitude?).ok()
}

fn coordinate(value: &Value, place: impl FnOnce(f64) -> (f64, f64)) -> Result<f64, String> {
    let degrees = number(value)?;
    let (latitude, longitude) = place(degrees);
    Location::parse(latitude, longitude).map_err(|error| error.to_string())?;
    Ok(degrees)
}

/// A station as a response shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
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
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    retired_at: Option<DateTime<Utc>>,
    version: i64,
}

impl<'a> StationView<'a> {
    /// All of it.
    pub fn of(station: &'a Station) -> Self {
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
            created_at: station.edition.created_at,
            updated_at: station.edition.updated_at,
            retired_at: station.edition.retired_at,
            version: station.edition.version,
        }
    }
}
