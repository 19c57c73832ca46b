//! Publishes what happened to issues in the feed.

use super::IssueRecord;
use crate::{Connection, StorageError, feed};
use domain::feed::{FeedChange, IssueSnapshot};
use domain::ids::IssueId;
use std::collections::BTreeSet;

/// Appends the state of `issues` to the feed; those among `opened` are new. Call it last in a
/// transaction that has locked their rows, so that the changes of an issue are in order.
pub(super) async fn publish(
    tx: &mut Connection,
    issues: &[IssueRecord],
    opened: &BTreeSet<IssueId>,
) -> Result<(), StorageError> {
    let changes: Vec<FeedChange> =
        issues.iter().map(|issue| snapshot(issue).into_change(opened.contains(&issue.id))).collect();
    feed::append(tx, &changes).await
}

fn snapshot(issue: &IssueRecord) -> IssueSnapshot {
    let (closed_at, proof) = issue.closed.clone().unzip();
    let (acknowledged_at, acknowledged_by) = issue.acknowledged.clone().unzip();
    IssueSnapshot {
        issue_id: issue.id,
        cause: issue.cause,
        severity: issue.severity,
        gateway_id: issue.gateway_id.clone(),
        station_id: issue.station_id,
        pile_id: issue.pile_id,
        charge_point_id: issue.charge_point_id.clone(),
        connector_id: issue.connector_id,
        operator_id: issue.operator_id.clone(),
        opened_at: issue.opened_at,
        fact: issue.fact.clone(),
        recurrences: issue.recurrences,
        version: issue.version,
        changed_at: issue.changed_at,
        closed_at,
        proof,
        acknowledged_at,
        acknowledged_by,
        assignee: issue.assignee.clone(),
        muted_until: issue.muted_until,
    }
}
