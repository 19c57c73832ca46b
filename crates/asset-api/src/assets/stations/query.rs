//! Parses which stations a query asks for.

use crate::http::fields::Fields;
use crate::http::fields::parse::{flag, in_query, number, one_of, text};
use crate::http::fields::search;
use domain::assets::{Location, StationStatus};
use domain::text::Label;
use serde_json::Value;
use storage::assets::stations::{Filter, Near};

/// The radius around `near` when the query does not give one, in m.
const RADIUS_M: f64 = 10_000.0;
const MAX_RADIUS_M: f64 = 500_000.0;

/// Takes the filter for stations out of the query.
pub fn filter(query: &mut Fields) -> Filter {
    Filter {
        search: search::terms(query),
        operator_id: query.optional("operatorId", text(Label::parse)),
        status: query.optional("status", one_of(&StationStatus::ALL, StationStatus::as_str)),
        available_only: query.optional("availableOnly", in_query(flag)).unwrap_or(false),
        retired: query.optional("retired", in_query(flag)).unwrap_or(false),
    }
}

/// Takes `near` and `radiusM` out of the query.
pub fn near(query: &mut Fields, filter: &Filter) -> Option<Near> {
    if !query.has("near") && query.has("radiusM") {
        query.refuse("near", "is required with radiusM");
    }
    if query.has("near") && filter.retired {
        query.refuse("retired", "cannot be combined with near");
    }
    let radius_m = query.optional("radiusM", in_query(radius)).unwrap_or(RADIUS_M);
    let place = query.optional("near", place)?;
    Some(Near { place, radius_m })
}

fn radius(value: &Value) -> Result<f64, String> {
    let metres = value.as_f64().filter(|metres| (1.0..=MAX_RADIUS_M).contains(metres));
    metres.ok_or_else(|| format!("must be a number from 1 to {MAX_RADIUS_M}"))
}

/// Parses `latitude,longitude`, in degrees.
fn place(value: &Value) -> Result<Location, String> {
    let degrees = |text: &str| number(&text.trim().parse().unwrap_or_default());
    let pair = value.as_str().and_then(|text| text.split_once(','));
    let pair =
        pair.and_then(|(latitude, longitude)| Some((degrees(latitude).ok()?, degrees(longitude).ok()?)));
    let (latitude, longitude) = pair.ok_or("must be a latitude and a longitude, for example 31.23,121.47")?;
    Location::parse(latitude, longitude).map_err(|error| error.to_string())
}
