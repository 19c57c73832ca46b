//! Parses the body of requests that enter or withdraw an exclusion.

use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::{instant, one_of, text, uuid, whole};
use chrono::{DateTime, Utc};
use domain::ids::{ConnectorId, ExclusionId, PileId, StationId};
use domain::reliability::{Exclusion, ExclusionReason, ExclusionScope};
use domain::text::Label;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use storage::reliability::exclusions::NewExclusion;
use uuid::Uuid;

/// An exclusion to enter, for a station or for a pile.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "NewExclusion", extend("additionalProperties" = false))]
pub struct ExclusionBody {
    /// The station, for all of its piles; absent if `pileId` is given.
    station_id: Option<StationId>,
    /// The pile; absent if `stationId` is given.
    pile_id: Option<PileId>,
    /// The only connector of the pile that it applies to; all when absent.
    connector_id: Option<ConnectorId>,
    /// When it begins, RFC 3339; may be in the future.
    from: DateTime<Utc>,
    /// When it ends, exclusive, RFC 3339; at most 366 days after `from`.
    until: DateTime<Utc>,
    /// Why downtime does not count.
    reason: ExclusionReason,
    /// What happened, for those who check it; part of the audit.
    note: Label,
}

/// The withdrawal of an exclusion.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WithdrawalOfExclusion", extend("additionalProperties" = false))]
pub struct WithdrawalBody {
    /// Why it is withdrawn; part of the audit.
    withdrawal_note: Label,
}

/// Parses an exclusion.
///
/// # Errors
/// [`ApiError::Invalid`] with all faults of the body.
pub fn read(mut body: Fields) -> Result<NewExclusion, ApiError> {
    let scope = scope(&mut body);
    let (from, until) = (body.required("from", instant), body.required("until", instant));
    if let Some(Err(invalid)) = from.zip(until).map(|(from, until)| Exclusion::check(from, until)) {
        body.refuse("until", invalid.to_string());
    }
    let reason = body.required("reason", one_of(&ExclusionReason::ALL, ExclusionReason::as_str));
    let note = body.required("note", text(Label::parse));
    let read = scope.zip(from.zip(until)).zip(reason.zip(note));
    let read = read.map(|((scope, (from, until)), (reason, note))| NewExclusion {
        id: ExclusionId(Uuid::now_v7()),
        scope,
        from,
        until,
        reason,
        note,
    });
    Ok(body.finish(read)?)
}

/// Takes the place that an exclusion is for; exactly one of station and pile.
fn scope(body: &mut Fields) -> Option<ExclusionScope> {
    let (has_station, has_pile) = (body.has("stationId"), body.has("pileId"));
    let station = body.optional("stationId", uuid).map(StationId);
    let pile = body.optional("pileId", uuid).map(PileId);
    let connector = body.optional("connectorId", connector);
    match (station, pile, connector) {
        (Some(station), None, None) if !has_pile => Some(ExclusionScope::Station(station)),
        (None, Some(pile), None) if !has_station => Some(ExclusionScope::Pile(pile)),
        (None, Some(pile), Some(connector)) if !has_station => {
            Some(ExclusionScope::Connector(pile, connector))
        }
        (_, None, Some(_)) => {
            body.refuse("connectorId", "needs pileId");
            None
        }
        _ if has_station && has_pile => {
            body.refuse("pileId", "must be absent if stationId is given");
            None
        }
        _ if !has_station && !has_pile => {
            body.refuse("stationId", "is required, or pileId");
            None
        }
        // The fault of the field is recorded.
        _ => None,
    }
}

fn connector(value: &Value) -> Result<ConnectorId, String> {
    let number = whole(0..=i64::from(ConnectorId::MAX))(value)?;
    ConnectorId::parse(number).map_err(|error| error.to_string())
}
