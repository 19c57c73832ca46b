//! What callers do with an issue.

use super::publish::publish;
use super::{IssueRecord, broken, find};
use crate::database::transaction::{Abort, Refusable};
use crate::schema::{issue_events, issues};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::{Actor, IssueId};
use domain::text::Label;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a caller does with an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssueEdit {
    /// The caller has seen it.
    Acknowledge {
        /// What the caller states; `None` if nothing.
        note: Option<Label>,
    },
    /// The caller assigns it, or ends the assignment.
    Assign {
        /// Who takes care of it.
        assignee: Option<Actor>,
    },
    /// The caller wants no alarms about it.
    Mute {
        /// Until when.
        until: DateTime<Utc>,
        /// Why.
        reason: Label,
    },
    /// The caller wants alarms about it again.
    Unmute,
}

/// Why an edit is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueRefusal {
    /// The issue does not exist within the caller's bound.
    #[error("there is no such issue")]
    NotFound,
    /// The issue is closed; its history does not change any more.
    #[error("the issue closed at {at}")]
    Closed {
        /// When.
        at: DateTime<Utc>,
    },
}

impl IssueEdit {
    fn kind(&self) -> &'static str {
        match self {
            Self::Acknowledge { .. } => "acknowledged",
            Self::Assign { .. } => "assigned",
            Self::Mute { .. } => "muted",
            Self::Unmute => "unmuted",
        }
    }

    fn detail(&self) -> Value {
        match self {
            Self::Acknowledge { note } => json!({ "note": note }),
            Self::Assign { assignee } => json!({ "assignee": assignee }),
            Self::Mute { until, reason } => json!({ "until": until, "reason": reason }),
            Self::Unmute => json!({}),
        }
    }

    /// The issue after the edit; the first acknowledgement remains.
    fn apply(&self, issue: &mut IssueRecord, stamp: &EditStamp) {
        match self {
            Self::Acknowledge { .. } => {
                issue.acknowledged.get_or_insert_with(|| (stamp.at, stamp.by.to_string()));
            }
            Self::Assign { assignee } => issue.assignee = assignee.as_ref().map(ToString::to_string),
            Self::Mute { until, .. } => issue.muted_until = Some(*until),
            Self::Unmute => issue.muted_until = None,
        }
    }
}

/// Applies `edit` to the issue `id` within `bound`, and appends it to the history and to the feed. An edit that would
/// change nothing is not recorded, so that a request may be repeated.
///
/// # Errors
/// If PostgreSQL fails or the row is invalid.
pub async fn edit(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: IssueId,
    edit: &IssueEdit,
    stamp: &EditStamp,
) -> Result<Result<IssueRecord, IssueRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            lock(tx, id).await?;
            let mut issue = find(tx, bound, id).await?.ok_or(Abort::Refused(IssueRefusal::NotFound))?;
            if let Some((at, _)) = issue.closed {
                return Err(Abort::Refused(IssueRefusal::Closed { at }));
            }
            let before = issue.clone();
            edit.apply(&mut issue, stamp);
            if issue == before {
                return Ok(issue);
            }
            issue.version += 1;
            issue.changed_at = stamp.at;
            write(tx, &issue).await?;
            let event = (
                issue_events::issue_id.eq(id.0),
                issue_events::number.eq(issue.version),
                issue_events::at.eq(stamp.at),
                issue_events::kind.eq(edit.kind()),
                issue_events::by.eq(stamp.by.as_str()),
                issue_events::detail.eq(edit.detail()),
            );
            diesel::insert_into(issue_events::table).values(event).execute(tx).await?;
            publish(tx, std::slice::from_ref(&issue), &BTreeSet::new()).await?;
            Ok(issue)
        })
        .await
        .refusal_as_value()
}

/// Locks the row, if it exists.
async fn lock(tx: &mut Connection, id: IssueId) -> Result<(), StorageError> {
    let row = issues::table.find(id.0).select(issues::version).for_update();
    let _version: Option<i64> = row.first(tx).await.optional()?;
    Ok(())
}

/// Writes what callers may change.
async fn write(tx: &mut Connection, issue: &IssueRecord) -> Result<(), StorageError> {
    let (acknowledged_at, acknowledged_by) = issue.acknowledged.clone().unzip();
    let written = diesel::update(issues::table.find(issue.id.0))
        .set((
            issues::version.eq(issue.version),
            issues::changed_at.eq(issue.changed_at),
            issues::acknowledged_at.eq(acknowledged_at),
            issues::acknowledged_by.eq(acknowledged_by),
            issues::assignee.eq(issue.assignee.as_deref()),
            issues::muted_until.eq(issue.muted_until),
        ))
        .execute(tx)
        .await?;
    if written == 1 { Ok(()) } else { Err(broken(format!("issue {} is locked and not there", issue.id))) }
}
