//! The place whose price is requested: a station, a pile, or a connector of a pile.

use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse;
use crate::http::fields::parse::{uuid, whole};
use domain::ids::{ConnectorId, PileId, StationId};
use runtime::openapi::Parameter;
use serde_json::Value;
use storage::tariffs::PriceTarget;

/// Takes the target out of a query.
pub fn in_query(query: &mut Fields) -> Option<PriceTarget> {
    take(query, parse::in_query(connector))
}

/// Takes the target out of a body.
pub fn in_body(body: &mut Fields) -> Option<PriceTarget> {
    take(body, connector)
}

/// The parameters of a query that name the target.
pub fn parameters() -> [Parameter; 3] {
    [
        Parameter::query::<StationId>(
            "stationId",
            "The station as a whole; cannot be combined with `pileId`.",
        ),
        Parameter::query::<PileId>(
            "pileId",
            "The pile as a whole, or its connector with `connectorId`. Required without `stationId`.",
        ),
        Parameter::query::<ConnectorId>("connectorId", "The connector of the pile."),
    ]
}

/// 404 for an unknown station or pile.
pub fn not_found(target: PriceTarget) -> ApiError {
    match target {
        PriceTarget::Station(_) => storage::assets::stations::StationRefusal::NotFound.into(),
        PriceTarget::Pile(_) | PriceTarget::Connector(..) => {
            storage::assets::piles::PileRefusal::NotFound.into()
        }
    }
}

fn take(
    fields: &mut Fields,
    connector: impl Fn(&Value) -> Result<ConnectorId, String>,
) -> Option<PriceTarget> {
    match (fields.has("stationId"), fields.has("pileId")) {
        (false, false) => fields.refuse("pileId", "is required without stationId"),
        (true, true) => fields.refuse("stationId", "cannot be combined with pileId"),
        (true, false) if fields.has("connectorId") => fields.refuse("connectorId", "requires pileId"),
        _ => {}
    }
    let asks_connector = fields.has("connectorId");
    let station = fields.optional("stationId", uuid).map(StationId);
    let pile = fields.optional("pileId", uuid).map(PileId);
    let connector = fields.optional("connectorId", connector);
    match (station, pile, connector) {
        (Some(station), None, None) => Some(PriceTarget::Station(station)),
        (None, Some(pile), Some(connector)) => Some(PriceTarget::Connector(pile, connector)),
        (None, Some(pile), None) if !asks_connector => Some(PriceTarget::Pile(pile)),
        _ => None,
    }
}

fn connector(value: &Value) -> Result<ConnectorId, String> {
    let number = whole(0..=i64::from(ConnectorId::MAX))(value)?;
    ConnectorId::parse(number).map_err(|error| error.to_string())
}
