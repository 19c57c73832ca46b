//! The query parameters of the list of commands.

use chrono::{DateTime, Utc};
use domain::commands::{CommandKind, CommandState};
use domain::ids::{Actor, PileId, StationId};
use runtime::http::fields::Fields;
use runtime::http::fields::parse::{one_of, string, text, uuid};
use runtime::openapi::Parameter;
use schemars::json_schema;
use serde_json::Value;
use storage::commands::{LogFilter, LogPlace};

/// Takes the filter out of a query; faults are recorded in `query`.
pub(crate) fn take(query: &mut Fields) -> LogFilter {
    let station = query.optional("stationId", uuid).map(|id| LogPlace::Station(StationId(id)));
    let pile = query.optional("pileId", pile(station.is_some())).map(LogPlace::Pile);
    LogFilter {
        place: pile.or(station).unwrap_or_default(),
        from: query.optional("from", instant),
        until: query.optional("until", instant),
        state: query.optional("status", one_of(&CommandState::ALL, CommandState::as_str)),
        issued_by: query.optional("issuedBy", text(Actor::parse)),
        name: query.optional("commandName", one_of(&CommandKind::NAMES, |name| name)),
    }
}

/// Parses a pile, unless a station is named, too.
fn pile(has_station: bool) -> impl Fn(&Value) -> Result<PileId, String> {
    move |value| match has_station {
        true => Err("cannot be combined with stationId".to_owned()),
        false => uuid(value).map(PileId),
    }
}

/// Parses an RFC 3339 time, with the precision of PostgreSQL (1 µs).
fn instant(value: &Value) -> Result<DateTime<Utc>, String> {
    let at = string(value)?.parse::<DateTime<Utc>>().ok();
    let at = at.and_then(|at| DateTime::from_timestamp_micros(at.timestamp_micros()));
    at.ok_or_else(|| "must be an RFC 3339 time".to_owned())
}

/// The parameters, for the OpenAPI document.
pub(crate) fn parameters() -> [Parameter; 7] {
    let name = json_schema!({ "type": "string", "enum": CommandKind::NAMES });
    [
        Parameter::query::<StationId>(
            "stationId",
            "Only commands to the piles that are at this station now; not with `pileId`.",
        ),
        Parameter::query::<PileId>("pileId", "Only commands to this pile."),
        Parameter::query::<CommandState>("status", "Only commands that are in this state now."),
        Parameter::query::<Actor>(
            "issuedBy",
            "Only commands that this caller requested: the `sub` of its token.",
        ),
        Parameter::query::<String>("commandName", "Only commands with this OCPP 1.6 action.").like(name),
        Parameter::query::<DateTime<Utc>>(
            "from",
            "Only commands that were requested at or after this time, RFC 3339.",
        ),
        Parameter::query::<DateTime<Utc>>(
            "until",
            "Only commands that were requested before this time, RFC 3339.",
        ),
    ]
}
