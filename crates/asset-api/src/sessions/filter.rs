//! The query parameters that select sessions.

use crate::http::drivers::IdTags;
use crate::http::fields::Fields;
use crate::http::fields::parse::{any_instant, one_of, text, uuid};
use chrono::{DateTime, Utc};
use domain::ids::{ChargePointId, CommandId, IdTag, PileId, StationId, TransactionId};
use domain::text::Label;
use runtime::Problem;
use runtime::openapi::Parameter;
use schemars::JsonSchema;
use storage::sessions::Filter;

/// Whether a session is open or has ended.
#[derive(Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase")]
enum State {
    Open,
    Ended,
}

impl State {
    const ALL: [Self; 2] = [Self::Open, Self::Ended];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ended => "ended",
        }
    }
}

/// Takes the filter out of a query; faults are recorded in `query`.
pub fn take(query: &mut Fields) -> Filter {
    let state = query.optional("state", one_of(&State::ALL, State::as_str));
    Filter {
        pile_id: query.optional("pileId", uuid).map(PileId),
        station_id: query.optional("stationId", uuid).map(StationId),
        operator_id: query.optional("operatorId", text(Label::parse)),
        charge_point_id: query.optional("chargePointId", text(ChargePointId::parse)),
        id_tag: query.optional("idTag", text(IdTag::parse)),
        transaction_id: query.optional("transactionId", text(TransactionId::parse)),
        command_id: query.optional("commandId", uuid).map(CommandId),
        open: state.map(|state| state == State::Open),
        started_from: query.optional("startedFrom", any_instant),
        started_until: query.optional("startedUntil", any_instant),
    }
}

/// Refuses the filter by a token to a caller that sees masked ones: it would find out whose they are.
///
/// # Errors
/// 403 without the scope `drivers:read`.
pub fn check(filter: &Filter, id_tags: IdTags) -> Result<(), Problem> {
    filter.id_tag.as_ref().map_or(Ok(()), |_token| id_tags.require("the parameter idTag"))
}

/// The parameters, for the OpenAPI document.
pub fn parameters() -> [Parameter; 10] {
    [
        Parameter::query::<StationId>("stationId", "Only sessions that began at this station."),
        Parameter::query::<PileId>("pileId", "Only sessions that began at this pile."),
        Parameter::query::<Label>("operatorId", "Only sessions that began at a station of this operator."),
        Parameter::query::<ChargePointId>("chargePointId", "Only sessions of this charge point."),
        Parameter::query::<IdTag>("idTag", "Only sessions with this token; needs the scope `drivers:read`."),
        Parameter::query::<TransactionId>(
            "transactionId",
            "Only sessions with this transaction id of a gateway.",
        ),
        Parameter::query::<CommandId>("commandId", "Only the session that this command started."),
        Parameter::query::<State>(
            "state",
            "`open`: only sessions without a known end; `ended`: only ended ones.",
        ),
        Parameter::query::<DateTime<Utc>>(
            "startedFrom",
            "Only sessions that began at or after this time, RFC 3339.",
        ),
        Parameter::query::<DateTime<Utc>>(
            "startedUntil",
            "Only sessions that began before this time, RFC 3339.",
        ),
    ]
}
