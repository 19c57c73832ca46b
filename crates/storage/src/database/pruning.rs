//! Deleting old rows in small steps: each step is one statement that examines a limited number of
//! rows, the oldest first, and waits for no row that another transaction holds.

use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Float8, Int8, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;
use std::time::Duration;

/// The rows that one step examines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Rows that are younger than this are kept.
    pub age: Duration,
    /// Where the step before ended: the time of the last row that it examined. PostgreSQL keeps the
    /// index entries of deleted rows until the next vacuum; a step that began at the oldest row would
    /// read all of them again. `None` begins at the oldest row.
    pub from: Option<DateTime<Utc>>,
    /// The most rows.
    pub limit: i64,
}

/// The outcome of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// How many rows of the table were deleted.
    pub rows: usize,
    /// The time of the last row that was examined; `None` if none was.
    pub up_to: Option<DateTime<Utc>>,
    /// Whether there may be more rows to delete after that time.
    pub may_be_more: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Int8)]
    rows: i64,
    #[diesel(sql_type = Int8)]
    examined: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    up_to: Option<DateTime<Utc>>,
}

impl Slice {
    /// The first step over rows that are older than `age`.
    #[must_use]
    pub const fn first(age: Duration, limit: i64) -> Self {
        Self { age, from: None, limit }
    }

    /// The step after this one, which led to `pruned`; `None` if there is nothing more to delete.
    #[must_use]
    pub fn next(self, pruned: Pruned) -> Option<Self> {
        pruned.may_be_more.then_some(Self { from: pruned.up_to, ..self })
    }

    /// Runs `statement`, whose parameters are the age in seconds, the time to begin at and the limit,
    /// and which returns the columns `rows`, `examined` and `up_to`.
    pub(crate) async fn run(
        self,
        connection: &mut Connection,
        statement: &'static str,
    ) -> Result<Pruned, StorageError> {
        let Row { rows, examined, up_to } = diesel::sql_query(statement)
            .bind::<Float8, _>(self.age.as_secs_f64())
            .bind::<Nullable<Timestamptz>, _>(self.from)
            .bind::<Int8, _>(self.limit)
            .get_result(connection)
            .await?;
        // Rows that are kept although they are old, and that all have the same time, must not make
        // the same step follow.
        let has_advanced = rows > 0 || up_to != self.from;
        Ok(Pruned {
            rows: usize::try_from(rows).unwrap_or_default(),
            up_to,
            may_be_more: examined >= self.limit && has_advanced,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Pruned, Slice};
    use std::time::Duration;

    #[test]
    fn the_next_step_begins_where_the_last_one_ended() {
        let first = Slice::first(Duration::from_secs(60), 10);
        let up_to = chrono::DateTime::from_timestamp(1_000, 0);
        let pruned = Pruned { rows: 10, up_to, may_be_more: true };
        assert_eq!(first.next(pruned), Some(Slice { from: up_to, ..first }));
        assert_eq!(first.next(Pruned { may_be_more: false, ..pruned }), None);
    }
}
