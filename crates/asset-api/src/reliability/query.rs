//! The query parameters that select days, connectors and the rules of uptime.

use crate::http::fields::Fields;
use crate::http::fields::parse::{date, in_query, one_of, text, uuid, whole};
use chrono::NaiveDate;
use domain::ids::{ConnectorId, PileId, StationId};
use domain::reliability::Profile;
use domain::text::Label;
use runtime::openapi::Parameter;
use schemars::json_schema;
use serde_json::Value;
use storage::reliability::{Filter, Grouping};

/// What a request asks for.
#[derive(Clone)]
pub struct Query {
    pub grouping: Grouping,
    pub filter: Filter,
    pub profile: Profile,
}

/// Takes all parameters but those of the page out of a query; faults are recorded in `query`.
pub fn take(query: &mut Fields) -> Option<Query> {
    let (from, until) = (query.required("from", date), query.required("until", date));
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        query.refuse("until", "must be after from".to_owned());
    }
    let grouping = query.optional("groupBy", one_of(&Grouping::ALL, Grouping::as_str));
    let profile = query.optional("profile", one_of(&Profile::ALL, Profile::as_str));
    let station_id = query.optional("stationId", uuid).map(StationId);
    let pile_id = query.optional("pileId", uuid).map(PileId);
    let connector_id = query.optional("connectorId", connector);
    let operator_id = query.optional("operatorId", text(Label::parse));
    Some(Query {
        grouping: grouping.unwrap_or_default(),
        profile: profile.unwrap_or_default(),
        filter: Filter { from: from?, until: until?, station_id, pile_id, connector_id, operator_id },
    })
}

fn connector(value: &Value) -> Result<ConnectorId, String> {
    let number = in_query(whole(0..=i64::from(ConnectorId::MAX)))(value)?;
    ConnectorId::parse(number).map_err(|error| error.to_string())
}

/// The parameters, for the OpenAPI document.
pub fn parameters() -> [Parameter; 8] {
    [
        Parameter::query::<NaiveDate>(
            "from",
            "The first day, by the clock of the stations (`reliability.time_zone`).",
        )
        .required(),
        Parameter::query::<NaiveDate>("until", "The day after the last one.").required(),
        Parameter::query::<Profile>("profile", "The rules by which uptime is computed; `nevi` when absent."),
        Parameter::query::<String>("groupBy", "What each item is for; `station` when absent.")
            .like(json_schema!({ "enum": Grouping::ALL.map(Grouping::as_str) })),
        Parameter::query::<StationId>("stationId", "Only time at this station."),
        Parameter::query::<PileId>("pileId", "Only time in this pile."),
        Parameter::query::<ConnectorId>("connectorId", "Only connectors with this number."),
        Parameter::query::<Label>("operatorId", "Only time at stations of this operator."),
    ]
}
