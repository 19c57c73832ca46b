//! How much may be added up for one request.

use super::query::Query;
use crate::http::error::ApiError;
use domain::assets::OperatorBound;
use runtime::http::page::PageRequest;
use runtime::problem::FieldError;
use storage::PooledConnection;
use storage::reliability::{Filter, Grouping, days_between, estimate_rows};

/// The most days of connectors, by estimate, that are added up to totals of operators. One of them has all
/// connectors of a fleet, so a page does not limit it, as it does in the other groupings. A second of
/// PostgreSQL is some two million.
const MAX_ROWS: u64 = 3_000_000;
/// The most days of groups other than operators that a statement adds up: three years of the groups of the
/// largest page.
const MAX_GROUP_DAYS: usize = PageRequest::MAX_LIMIT * 1_100;

/// Whether a query can be answered before the statement time-out.
///
/// # Errors
/// [`ApiError::Invalid`] if it would add up too much, and if PostgreSQL fails.
pub async fn check(
    connection: &mut PooledConnection,
    bound: &OperatorBound,
    query: &Query,
) -> Result<(), ApiError> {
    if query.grouping != Grouping::Operator {
        return Ok(());
    }
    refuse_over(MAX_ROWS, estimate_rows(connection, bound, &query.filter).await?)
}

/// How many groups can be added up in a statement: fewer in a longer period.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn groups_at_once(connection: &mut PooledConnection, filter: &Filter) -> Result<usize, ApiError> {
    let days = days_between(connection, filter.from, filter.until).await?;
    Ok(groups_of(days))
}

fn groups_of(days: i64) -> usize {
    let days = usize::try_from(days).unwrap_or_default().max(1);
    (MAX_GROUP_DAYS / days).max(1)
}

fn refuse_over(max: u64, rows: u64) -> Result<(), ApiError> {
    if rows <= max {
        return Ok(());
    }
    let message = format!(
        "about {rows} days of connectors match, and groupBy=operator adds up at most {max}: request fewer \
         days at a time and add up their seconds, or use groupBy=station"
    );
    Err(ApiError::Invalid(vec![FieldError::new("until", message)]))
}

#[cfg(test)]
mod tests {
    use super::{MAX_ROWS, groups_of, refuse_over};
    use crate::http::error::ApiError;

    #[test]
    fn a_longer_period_has_fewer_groups_at_once() {
        let groups = [0, 365, 1_100, 3_660, 10_000_000].map(groups_of);
        assert_eq!(groups, [220_000, 602, 200, 60, 1]);
    }

    #[test]
    fn refuses_a_year_of_a_very_large_fleet() {
        assert!(refuse_over(MAX_ROWS, 365 * 8_000).is_ok());
        let refused = refuse_over(MAX_ROWS, 365 * 200_000);
        let Err(ApiError::Invalid(errors)) = refused else { panic!("{refused:?}") };
        assert!(errors.iter().all(|error| error.field == "until" && error.message.contains("3000000")));
    }
}
