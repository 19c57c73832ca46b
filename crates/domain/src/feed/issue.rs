//! The body of changes of issues.

use super::{FeedChange, FeedKind, FeedSubject};
use crate::ids::{ChargePointId, ConnectorId, GatewayId, IssueId, PileId, StationId};
use crate::issues::{Cause, Fact, Severity};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The complete current state of an issue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueSnapshot {
    /// The issue.
    pub issue_id: IssueId,
    /// What is wrong.
    pub cause: Cause,
    /// How urgent it is.
    pub severity: Severity,
    /// The gateway that has an outage; `None` for other places.
    pub gateway_id: Option<GatewayId>,
    /// The station that has an outage, or of the device when the issue opened; `None` for a gateway.
    pub station_id: Option<StationId>,
    /// The pile of the device when the issue opened; `None` for an outage.
    pub pile_id: Option<PileId>,
    /// The device; `None` for an outage.
    pub charge_point_id: Option<ChargePointId>,
    /// The connector; `None` if the issue is about the device or an outage.
    pub connector_id: Option<ConnectorId>,
    /// The operator of the station when the issue opened; `None` for a gateway, and without one.
    pub operator_id: Option<String>,
    /// When it opened.
    pub opened_at: DateTime<Utc>,
    /// What was last seen of the cause.
    pub fact: Fact,
    /// How often the cause showed in another way since.
    pub recurrences: u32,
    /// The number of the last entry of its history.
    pub version: i64,
    /// When that entry was written.
    pub changed_at: DateTime<Utc>,
    /// When it closed; `None` while it is open.
    pub closed_at: Option<DateTime<Utc>>,
    /// What ended it; `None` while it is open.
    pub proof: Option<Fact>,
    /// When a caller first acknowledged it; `None` if none did.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// The `sub` of that caller; `None` if none did.
    pub acknowledged_by: Option<String>,
    /// Who takes care of it; `None` if it is unassigned.
    pub assignee: Option<String>,
    /// Until when it is muted; `None`, or in the past, if it is not. The end is no change.
    pub muted_until: Option<DateTime<Utc>>,
}

impl IssueSnapshot {
    /// The change that publishes this state. An issue that is closed has closed, whatever else
    /// happened to it in the same transaction; otherwise `is_new` is whether it opened there.
    #[must_use]
    pub fn into_change(self, is_new: bool) -> FeedChange {
        let subject = FeedSubject::Issue(self.issue_id);
        let (at, kind): (_, fn(Box<Self>) -> FeedKind) = match self.closed_at {
            Some(closed_at) => (closed_at, FeedKind::IssueClosed),
            None if is_new => (self.opened_at, FeedKind::IssueOpened),
            None => (self.changed_at, FeedKind::IssueChanged),
        };
        FeedChange { subject, at, kind: kind(Box::new(self)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_outcome_of_a_transaction_is_one_change() {
        let open = json!({
            "issueId": "0192f0c5-0000-7000-8000-000000000001", "cause": "fault", "severity": "major", "gatewayId": null,
            "stationId": null, "pileId": null, "chargePointId": "CP-1", "connectorId": 1, "operatorId": "op-1",
            "openedAt": "2026-11-30T08:00:00Z", "recurrences": 0, "version": 1, "changedAt": "2026-11-30T08:00:02Z",
            "fact": { "at": "2026-11-30T08:00:00Z", "kind": "quiet", "seconds": 5 },
            "closedAt": null, "proof": null, "acknowledgedAt": null, "acknowledgedBy": null, "assignee": null,
            "mutedUntil": null,
        });
        let open: IssueSnapshot = serde_json::from_value(open).unwrap();
        let closed = IssueSnapshot { closed_at: Some(open.changed_at), ..open.clone() };
        let of = |issue: &IssueSnapshot, is_new| {
            let change = issue.clone().into_change(is_new);
            assert_eq!(change.key(), issue.issue_id.to_string());
            assert_eq!(change.charge_point(), issue.charge_point_id.as_ref());
            (change.kind.type_name(), change.at)
        };
        assert_eq!(of(&open, true), ("charging.issue.opened.v1", open.opened_at));
        assert_eq!(of(&open, false), ("charging.issue.changed.v1", open.changed_at));
        for is_new in [true, false] {
            assert_eq!(of(&closed, is_new), ("charging.issue.closed.v1", open.changed_at));
        }
    }
}
