//! Parses the body of requests that create or edit a station.

use crate::http::bound::take_operator;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{form, number, one_of, text};
use domain::assets::{Location, OperatorBound, StationDetails, StationStatus};
use domain::text::Label;
use serde_json::Value;

/// Parses the registered data of a station, as a caller with `bound` may write it.
///
/// # Errors
/// [`ApiError::Invalid`] with all faults of the body.
pub fn read(mut body: Fields, bound: &OperatorBound) -> Result<StationDetails, ApiError> {
    let name = body.required("name", text(Label::parse));
    let address = body.optional("address", text(Label::parse));
    let operator_id = take_operator(&mut body, bound);
    let location = location(&mut body);
    let status = body.optional("status", one_of(&StationStatus::ALL, StationStatus::as_str));
    let opening_hours = body.optional("openingHours", form);
    let facilities = body.optional("facilities", form);
    let startable_statuses = body.optional("startableStatuses", form);
    Ok(body.finish(name.map(|name| StationDetails {
        name,
        address,
        operator_id,
        location,
        status: status.unwrap_or_default(),
        opening_hours,
        facilities: facilities.unwrap_or_default(),
        startable_statuses,
    }))?)
}

fn location(body: &mut Fields) -> Option<Location> {
    match (body.has("latitude"), body.has("longitude")) {
        (true, false) => body.refuse("longitude", "is required with latitude"),
        (false, true) => body.refuse("latitude", "is required with longitude"),
        _ => {}
    }
    // Each on its own first, so that faults of both are reported.
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
