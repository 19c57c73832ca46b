//! An exclusion in responses.

use chrono::{DateTime, Utc};
use domain::ids::{Actor, ConnectorId, ExclusionId, PileId, StationId};
use domain::reliability::ExclusionReason;
use domain::text::Label;
use schemars::JsonSchema;
use serde::Serialize;
use storage::reliability::exclusions::ExclusionRecord;

/// Downtime that does not count.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Exclusion")]
pub struct ExclusionView<'a> {
    /// The id of the exclusion.
    id: ExclusionId,
    /// The station that it applies to; null if it applies to a pile.
    station_id: Option<StationId>,
    /// The pile that it applies to; null if it applies to a station.
    pile_id: Option<PileId>,
    /// The only connector of the pile that it applies to; null for all.
    connector_id: Option<ConnectorId>,
    /// The operator of the station when it was entered; it applies to time of that operator only. Null if
    /// the station had none.
    operator_id: Option<&'a Label>,
    /// When it begins, RFC 3339 in UTC.
    from: DateTime<Utc>,
    /// When it ends, exclusive, RFC 3339 in UTC.
    until: DateTime<Utc>,
    /// Why downtime does not count.
    reason: ExclusionReason,
    /// What the caller that entered it stated.
    note: &'a Label,
    /// When it was entered, RFC 3339 in UTC.
    created_at: DateTime<Utc>,
    /// The caller that entered it: `sub` of its token, or `anonymous` without authentication.
    created_by: &'a Actor,
    /// When it was withdrawn, RFC 3339 in UTC; null while it applies.
    withdrawn_at: Option<DateTime<Utc>>,
    /// The caller that withdrew it; null, as is `withdrawnAt`, while it applies.
    withdrawn_by: Option<&'a Actor>,
    /// What that caller stated; null, as is `withdrawnAt`, while it applies.
    withdrawal_note: Option<&'a Label>,
}

impl<'a> ExclusionView<'a> {
    pub fn of(record: &'a ExclusionRecord) -> Self {
        let withdrawn = record.withdrawn.as_ref();
        Self {
            id: record.id,
            station_id: record.pile_id.is_none().then_some(record.station_id),
            pile_id: record.pile_id,
            connector_id: record.connector_id,
            operator_id: record.operator_id.as_ref(),
            from: record.from,
            until: record.until,
            reason: record.reason,
            note: &record.note,
            created_at: record.entered.at,
            created_by: &record.entered.by,
            withdrawn_at: withdrawn.map(|(stamp, _)| stamp.at),
            withdrawn_by: withdrawn.map(|(stamp, _)| &stamp.by),
            withdrawal_note: withdrawn.and_then(|(_, note)| note.as_ref()),
        }
    }
}
