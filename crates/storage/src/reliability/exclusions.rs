//! Exclusions: downtime that does not count. They are entered and withdrawn, and never changed.

mod row;
mod write;

pub use write::{ExclusionRefusal, WithdrawalRefusal, insert, insert_once, withdraw};

use crate::database::operators;
use crate::database::pruning::{Pruned, Slice};
use crate::schema::reliability_exclusions;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::{ConnectorId, ExclusionId, PileId, StationId};
use domain::reliability::{ExclusionReason, ExclusionScope};
use domain::text::Label;
use row::Row;

/// An exclusion to enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewExclusion {
    /// Its id.
    pub id: ExclusionId,
    /// What it applies to.
    pub scope: ExclusionScope,
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends, exclusive.
    pub until: DateTime<Utc>,
    /// Why downtime does not count.
    pub reason: ExclusionReason,
    /// What the caller states about it.
    pub note: Label,
}

/// An exclusion, with its authors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusionRecord {
    /// Its id.
    pub id: ExclusionId,
    /// The station that it was entered for, or that of its pile at that time.
    pub station_id: StationId,
    /// The only pile; `None` for all of the station.
    pub pile_id: Option<PileId>,
    /// The only connector; `None` for all.
    pub connector_id: Option<ConnectorId>,
    /// The operator of the station when it was entered; `None` if there was none.
    pub operator_id: Option<Label>,
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends, exclusive.
    pub until: DateTime<Utc>,
    /// Why downtime does not count.
    pub reason: ExclusionReason,
    /// What the caller stated about it.
    pub note: Label,
    /// When and by whom it was entered.
    pub entered: EditStamp,
    /// When, by whom and why it was withdrawn; `None` while it applies.
    pub withdrawn: Option<(EditStamp, Option<Label>)>,
}

/// A filter of exclusions; by default it selects all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those of this station and its piles.
    pub station_id: Option<StationId>,
    /// Only those of this pile and its connectors.
    pub pile_id: Option<PileId>,
    /// Only those with this reason.
    pub reason: Option<ExclusionReason>,
    /// Only those that end after this instant.
    pub from: Option<DateTime<Utc>>,
    /// Only those that begin before this instant.
    pub until: Option<DateTime<Utc>>,
    /// `true`: only those that were withdrawn; `false`: only those that apply.
    pub withdrawn: Option<bool>,
}

/// The exclusion with id `id` within `bound`; `None` if it does not exist.
///
/// # Errors
/// If PostgreSQL fails or the row is invalid.
pub async fn find(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: ExclusionId,
) -> Result<Option<ExclusionRecord>, StorageError> {
    let own = reliability_exclusions::table.find(id.0).filter(operators::exclusions(bound));
    let row: Option<Row> = own.select(Row::as_select()).first(connection).await.optional()?;
    row.map(ExclusionRecord::try_from).transpose()
}

/// Up to `limit` exclusions within `bound` that `filter` selects, the newest first; with `after`, those
/// that follow the one entered at that time with that id.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &Filter,
    after: Option<(DateTime<Utc>, ExclusionId)>,
    limit: i64,
) -> Result<Vec<ExclusionRecord>, StorageError> {
    use reliability_exclusions as columns;
    let mut query = columns::table
        .filter(operators::exclusions(bound))
        .order((columns::created_at.desc(), columns::id.desc()))
        .limit(limit)
        .select(Row::as_select())
        .into_boxed::<Pg>();
    if let Some(station) = filter.station_id {
        query = query.filter(columns::station_id.eq(station.0));
    }
    if let Some(pile) = filter.pile_id {
        query = query.filter(columns::pile_id.assume_not_null().eq(pile.0));
    }
    if let Some(reason) = filter.reason {
        query = query.filter(columns::reason.eq(reason.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(columns::excluded_until.gt(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(columns::excluded_from.lt(until));
    }
    match filter.withdrawn {
        Some(true) => query = query.filter(columns::withdrawn_at.is_not_null()),
        Some(false) => query = query.filter(columns::withdrawn_at.is_null()),
        None => {}
    }
    if let Some((at, id)) = after {
        // Diesel has no row comparison. It starts the index scan at the exact row.
        let place = sql::<Bool>("(reliability_exclusions.created_at, reliability_exclusions.id) < (");
        let place = place.bind::<Timestamptz, _>(at).sql(", ").bind::<SqlUuid, _>(id.0);
        query = query.filter(place.sql(")"));
    }
    let rows: Vec<Row> = query.load(connection).await?;
    rows.into_iter().map(ExclusionRecord::try_from).collect()
}

/// Deletes exclusions that ended before the age of `slice`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select id, excluded_until from reliability_exclusions
          where excluded_until < now() - make_interval(secs => $1) and excluded_until >= coalesce($2, '-infinity')
          order by excluded_until limit $3 for update skip locked),
        gone as (
          delete from reliability_exclusions where id in (select id from old) returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(excluded_until) as up_to from old";
    slice.run(connection, statement).await
}
