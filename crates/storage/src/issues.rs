//! Issues, their history, and the maintenance windows in which none opens.
//!
//! [`evaluate()`] follows the feed: issues, the memory of the rules and the position in the feed are one
//! transaction, so each change counts exactly once, whatever is interrupted.

mod counts;
mod devices;
mod edit;
mod evaluate;
mod key_row;
pub mod maintenance;
mod prune;
mod publish;
pub mod recovery;
mod row;

pub use counts::{IssueCounts, OpenCounts, OpenIssues, count, count_open};
pub use devices::{DeviceCounts, IssueDevice, count_devices, first_devices, list_devices};
pub use edit::{IssueEdit, IssueRefusal, edit};
pub use evaluate::{Evaluated, EvaluationRules, evaluate};
pub use prune::prune;

use crate::database::operators::{self, OfOperators};
use crate::schema::{issue_events, issues};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::ids::{Actor, ChargePointId, ConnectorId, GatewayId, IssueId, PileId, StationId};
use domain::issues::{Cause, Fact, Severity};
use domain::text::Label;
use row::Row;
use serde_json::Value;
use std::collections::BTreeSet;

/// The most events of the history of an issue, and the most devices of an outage, that are read at
/// once.
pub const MAX_LISTED: i64 = 100;

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("issues", what)
}

/// An issue.
#[derive(Debug, Clone, PartialEq)]
pub struct IssueRecord {
    /// The id.
    pub id: IssueId,
    /// What is wrong.
    pub cause: Cause,
    /// How urgent it is.
    pub severity: Severity,
    /// The gateway that has an outage; `None` for other places.
    pub gateway_id: Option<GatewayId>,
    /// The station; `None` for a gateway.
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
    /// The number of its last event.
    pub version: i64,
    /// When its last event was written.
    pub changed_at: DateTime<Utc>,
    /// When it closed, and what ended it; `None` while it is open.
    pub closed: Option<(DateTime<Utc>, Fact)>,
    /// When a caller acknowledged it, and which; `None` if none did.
    pub acknowledged: Option<(DateTime<Utc>, String)>,
    /// Who takes care of it; `None` if it is unassigned.
    pub assignee: Option<String>,
    /// Until when it is muted; in the past if it is not muted any more.
    pub muted_until: Option<DateTime<Utc>>,
}

/// What happened to an issue.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = issue_events, check_for_backend(Pg))]
pub struct IssueEvent {
    /// The number among the events of the issue, from 1.
    pub number: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// `opened`, `recurred`, `closed`, `acknowledged`, `assigned`, `muted`, `unmuted` or `attempted`.
    pub kind: String,
    /// The caller; `None` for what the platform did.
    pub by: Option<String>,
    /// The fact or the proof; of a caller what it stated; of an attempt its step and number.
    pub detail: Value,
}

/// A filter of issues; by default it selects all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// `true`: only open issues; `false`: only closed ones.
    pub open: Option<bool>,
    /// Only issues with this cause.
    pub cause: Option<Cause>,
    /// Only issues with this severity.
    pub severity: Option<Severity>,
    /// Only issues of this station and its devices.
    pub station_id: Option<StationId>,
    /// Only issues of this pile.
    pub pile_id: Option<PileId>,
    /// Only issues of this device, without outages that it is part of.
    pub charge_point_id: Option<ChargePointId>,
    /// Only outages of this gateway.
    pub gateway_id: Option<GatewayId>,
    /// Only issues at stations of this operator.
    pub operator_id: Option<Label>,
    /// Only issues of this assignee.
    pub assignee: Option<Actor>,
    /// `true`: only acknowledged issues; `false`: only others.
    pub acknowledged: Option<bool>,
    /// `true`: only issues that are muted now; `false`: only others.
    pub muted: Option<bool>,
}

/// The issue with id `id` within `bound`; `None` if it does not exist.
///
/// # Errors
/// If PostgreSQL fails or the row is invalid.
pub async fn find(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: IssueId,
) -> Result<Option<IssueRecord>, StorageError> {
    find_among(connection, operators::issues(bound), id).await
}

/// The issues with these ids, in their order, locked until the commit.
async fn lock_many(tx: &mut Connection, ids: &BTreeSet<IssueId>) -> Result<Vec<IssueRecord>, StorageError> {
    let rows: Vec<Row> = issues::table
        .filter(issues::id.eq_any(ids.iter().map(|id| id.0)))
        .order(issues::id)
        .select(Row::as_select())
        .for_update()
        .load(tx)
        .await?;
    rows.into_iter().map(IssueRecord::try_from).collect()
}

async fn find_among(
    connection: &mut Connection,
    own: OfOperators<'_>,
    id: IssueId,
) -> Result<Option<IssueRecord>, StorageError> {
    let own = issues::table.find(id.0).filter(own);
    let row: Option<Row> = own.select(Row::as_select()).first(connection).await.optional()?;
    row.map(IssueRecord::try_from).transpose()
}

/// Up to `limit` events of the issue `id`, the newest first; with `before`, only those with a smaller
/// number.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_events(
    connection: &mut Connection,
    id: IssueId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<IssueEvent>, StorageError> {
    let events = issue_events::table
        .filter(issue_events::issue_id.eq(id.0))
        .filter(issue_events::number.lt(before.unwrap_or(i64::MAX)))
        .order(issue_events::number.desc())
        .limit(limit)
        .select(IssueEvent::as_select());
    Ok(events.load(connection).await?)
}

/// Up to `limit` issues within `bound`, the latest first; with `after`, those that follow the issue
/// opened at that time with that id.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &Filter,
    after: Option<(DateTime<Utc>, IssueId)>,
    limit: i64,
) -> Result<Vec<IssueRecord>, StorageError> {
    let mut query = matching(bound, filter)
        .order((issues::opened_at.desc(), issues::id.desc()))
        .limit(limit)
        .select(Row::as_select());
    if let Some((at, id)) = after {
        // Diesel has no row comparison. It starts the index scan at the exact row.
        let place = sql::<Bool>("(issues.opened_at, issues.id) < (");
        let place = place.bind::<Timestamptz, _>(at).sql(", ").bind::<SqlUuid, _>(id.0);
        query = query.filter(place.sql(")"));
    }
    let rows: Vec<Row> = query.load(connection).await?;
    rows.into_iter().map(IssueRecord::try_from).collect()
}

/// The issues within `bound` that `filter` selects.
fn matching<'a>(bound: &'a OperatorBound, filter: &'a Filter) -> issues::BoxedQuery<'a, Pg> {
    let mut query = issues::table.filter(operators::issues(bound)).into_boxed::<Pg>();
    query = match filter.open {
        Some(true) => query.filter(issues::closed_at.is_null()),
        Some(false) => query.filter(issues::closed_at.is_not_null()),
        None => query,
    };
    if let Some(cause) = filter.cause {
        query = query.filter(issues::cause.eq(cause.as_str()));
    }
    if let Some(severity) = filter.severity {
        query = query.filter(issues::severity.eq(severity.as_str()));
    }
    if let Some(station) = filter.station_id {
        query = query.filter(issues::station_id.eq(station.0));
    }
    if let Some(pile) = filter.pile_id {
        query = query.filter(issues::pile_id.eq(pile.0));
    }
    if let Some(device) = &filter.charge_point_id {
        query = query.filter(issues::charge_point_id.eq(device.as_str()));
    }
    if let Some(gateway) = &filter.gateway_id {
        query = query.filter(issues::gateway_id.eq(gateway.as_str()));
    }
    if let Some(operator) = &filter.operator_id {
        query = query.filter(issues::operator_id.eq(operator.as_str()));
    }
    if let Some(assignee) = &filter.assignee {
        query = query.filter(issues::assignee.eq(assignee.as_str()));
    }
    query = match filter.acknowledged {
        Some(true) => query.filter(issues::acknowledged_at.is_not_null()),
        Some(false) => query.filter(issues::acknowledged_at.is_null()),
        None => query,
    };
    match filter.muted {
        Some(true) => query.filter(sql::<Bool>("coalesce(issues.muted_until > now(), false)")),
        Some(false) => query.filter(sql::<Bool>("coalesce(issues.muted_until <= now(), true)")),
        None => query,
    }
}
