//! Counts of open issues. Closed ones are not counted: a partial index has the open ones.

use super::{Filter, broken, matching};
use crate::schema::issues;
use crate::{Connection, StorageError};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, Int8};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::issues::{Cause, Severity};

/// The open issues of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssueCounts {
    /// Those that are critical.
    pub critical: OpenCounts,
    /// Those that are major.
    pub major: OpenCounts,
    /// Those that are minor.
    pub minor: OpenCounts,
}

/// How many issues are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenCounts {
    /// All of them.
    pub open: i64,
    /// Those that a caller acknowledged.
    pub acknowledged: i64,
    /// Those that are muted now.
    pub muted: i64,
}

/// The counts of a severity, as an array.
macro_rules! counts_of {
    ($severity:literal) => {
        concat!(
            "array[count(*) filter (where severity = '",
            $severity,
            "'), count(*) filter (where severity = '",
            $severity,
            "' and acknowledged_at is not null), count(*) filter (where severity = '",
            $severity,
            "' and muted_until > now())]"
        )
    };
}

/// Counts the open issues within `bound` that `filter` selects; `filter.open` is ignored.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn count(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &Filter,
) -> Result<IssueCounts, StorageError> {
    let filter = Filter { open: Some(true), ..filter.clone() };
    let counts = (
        sql::<Array<Int8>>(counts_of!("critical")),
        sql::<Array<Int8>>(counts_of!("major")),
        sql::<Array<Int8>>(counts_of!("minor")),
    );
    let (critical, major, minor): (Vec<i64>, Vec<i64>, Vec<i64>) =
        matching(bound, &filter).select(counts).get_result(connection).await?;
    let of = |counts: &[i64]| match *counts {
        [open, acknowledged, muted] => Ok(OpenCounts { open, acknowledged, muted }),
        _ => Err(broken("counts of another number")),
    };
    Ok(IssueCounts { critical: of(&critical)?, major: of(&major)?, minor: of(&minor)? })
}

/// How many issues with a cause and a severity are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenIssues {
    /// The cause.
    pub cause: Cause,
    /// The severity.
    pub severity: Severity,
    /// How many.
    pub count: i64,
}

/// The open issues, by cause and severity.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn count_open(connection: &mut Connection) -> Result<Vec<OpenIssues>, StorageError> {
    let rows: Vec<(String, String, i64)> = issues::table
        .filter(issues::closed_at.is_null())
        .group_by((issues::cause, issues::severity))
        .select((issues::cause, issues::severity, count_star()))
        .load(connection)
        .await?;
    let counted = |(cause, severity, count): (String, String, i64)| {
        let cause = Cause::parse(&cause).ok_or_else(|| broken(cause))?;
        let severity = Severity::parse(&severity).ok_or_else(|| broken(severity))?;
        Ok(OpenIssues { cause, severity, count })
    };
    rows.into_iter().map(counted).collect()
}
