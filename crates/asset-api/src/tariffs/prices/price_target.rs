//! What a price is asked for: a station, a pile or a connector of one.

use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse;
use crate::http::fields::parse::{uuid, whole};
use domain::ids::{ConnectorId, PileId, StationId};
use runtime::openapi::Parameter;
use serde_json::Value;
use storage::tariffs::Spot;

/// Takes it out of a query.
pub fn in_query(query: &mut Fields) -> Option<Spot> {
    take(query, parse::in_query(connector))
}

/// Takes it out of a body.
pub fn in_body(body: &mut Fields) -> Option<Spot> {
    take(body, connector)
}

/// The parameters by which a query says it.
pub fn parameters() -> [Parameter; 3] {
    [
        Parameter::query::<StationId>("stationId", "A station as a whole; or:"),
        Parameter::query::<PileId>("pileId", "A pile as a whole; or, with `connectorId`, its connector."),
        Parameter::query::<ConnectorId>("connectorId", "A connector of the pile."),
    ]
}

/// No such station or pile.
pub fn not_found(spot: Spot) -> ApiError {
    match spot {
        Spot::Station(_) => storage::assets::stations::Refusal::NotFound.into(),
        Spot::Pile(_) | Spot::Connector(..) => storage::assets::piles::Refusal::NotFound.into(),
    }
}

fn take(fields: &mut Fields, connector: impl Fn(&Value) -> Result<ConnectorId, String>) -> Option<Spot> {
    match (fields.has("stationId"), fields.has("pileId")) {
        (false, false) => fields.refuse("pileId", "is required, unless there is a stationId"),
        (true, true) => fields.refuse("stationId", "cannot be together with pileId"),
        (true, false) if fields.has("connectorId") => fields.refuse("connectorId", "needs a pileId"),
        _ => {}
    }
    let asks_connector = fields.has("connectorId");
    let station = fields.optional("stationId", uuid).map(StationId);
    let pile = fields.optional("pileId", uuid).map(PileId);
    let connector = fields.optional("connectorId", connector);
    match (station, pile, connector) {
        (Some(station), None, None) => Some(Spot::Station(station)),
        (None, Some(pile), Some(connector)) => Some(Spot::Connector(pile, connector)),
        (None, Some(pile), None) if !asks_connector => Some(Spot::Pile(pile)),
        _ => None,
    }
}

fn connector(value: &Value) -> Result<ConnectorId, String> {
    let number = whole(0..=i64::from(ConnectorId::MAX))(value)?;
    ConnectorId::parse(number).map_err(|error| error.to_string())
}
