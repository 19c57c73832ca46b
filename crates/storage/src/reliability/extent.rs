//! How far the ledger reaches, and how many rows a total adds up.

use super::totals::{Filter, number};
use crate::database::explained::Explained;
use crate::database::operators;
use crate::schema::reliability_days as days;
use crate::{Connection, StorageError};
use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::text::Label;

/// The day after the last one that any device is computed for; `None` if no day is computed.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn computed_until(connection: &mut Connection) -> Result<Option<NaiveDate>, StorageError> {
    let last = days::table.order(days::began_at.desc()).select(days::day).first::<NaiveDate>(connection);
    Ok(last.await.optional()?.and_then(|last| last.succ_opt()))
}

/// How many days the ledger has from `from` until `until`, which is not one of them.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn days_between(
    connection: &mut Connection,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<i64, StorageError> {
    let first = days::table.order(days::began_at.asc()).select(days::day).first::<NaiveDate>(connection);
    let Some(first) = first.await.optional()? else { return Ok(0) };
    let end = computed_until(connection).await?.unwrap_or(first);
    Ok((until.min(end) - from.max(first)).num_days().max(0))
}

/// How many days of connectors within `bound` match `filter`, by the planner's statistics: reads none, and
/// may be wrong by orders of magnitude.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn estimate_rows(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &Filter,
) -> Result<u64, StorageError> {
    let mut query = days::table
        .filter(operators::reliability_days(bound))
        .filter(days::day.ge(filter.from).and(days::day.lt(filter.until)))
        .select(days::day)
        .into_boxed::<Pg>();
    if let Some(station) = filter.station_id {
        query = query.filter(days::station_id.assume_not_null().eq(station.0));
    }
    if let Some(pile) = filter.pile_id {
        query = query.filter(days::pile_id.assume_not_null().eq(pile.0));
    }
    if let Some(connector) = filter.connector_id {
        query = query.filter(days::connector_id.eq(number(connector)?));
    }
    if let Some(operator) = filter.operator_id.as_ref().map(Label::as_str) {
        query = query.filter(days::operator_id.assume_not_null().eq(operator));
    }
    Explained(query).estimate_rows(connection).await
}
