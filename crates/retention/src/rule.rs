//! Rules: which rows of a table are deleted, and how.

use futures_util::future::BoxFuture;
use std::time::Duration;
use storage::{Connection, Database, PooledConnection, Pruned, Slice, StorageError};

/// The most rows that one statement examines.
const ROWS: i64 = 500;
/// How often old rows are searched.
const INTERVAL: Duration = Duration::from_secs(60);
/// The interval of rules that do nothing.
const REPORTED: Duration = Duration::from_secs(86_400);

/// A statement that deletes the old rows of a slice.
pub type Delete = for<'a> fn(&'a mut Connection, Slice) -> BoxFuture<'a, Result<Pruned, StorageError>>;

/// The outcome of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// How many rows were deleted.
    pub rows: usize,
    /// The next step of this pass; `None` if it is over.
    pub next: Option<Slice>,
}

type Work = Box<dyn Fn(Database, Slice) -> BoxFuture<'static, anyhow::Result<Step>> + Send + Sync>;

/// What ends the rows of a table.
pub struct Rule {
    pub(crate) table: &'static str,
    pub(crate) name: &'static str,
    pub(crate) age: Duration,
    pub(crate) interval: Duration,
    pub(crate) limits_age: bool,
    work: Work,
}

impl Rule {
    /// Deletes rows of `table` that are older than `age`, by the statement `delete`. `name`
    /// distinguishes the rules of a table in logs.
    #[must_use]
    pub fn new(table: &'static str, name: &'static str, age: Duration, delete: Delete) -> Self {
        let work: Work = Box::new(move |database, slice| {
            Box::pin(async move {
                let step = async move |mut connection: PooledConnection| delete(&mut connection, slice).await;
                let pruned = database.run::<_, StorageError, _, _>(step).await?;
                Ok(Step { rows: pruned.rows, next: slice.next(pruned) })
            })
        });
        Self { table, name, age, interval: INTERVAL, limits_age: false, work }
    }

    /// Like [`new`](Self::new), for deletion that is more than a statement: `work` does one step.
    #[must_use]
    pub fn with_work<W>(table: &'static str, name: &'static str, age: Duration, work: W) -> Self
    where
        W: Fn(Database, Slice) -> BoxFuture<'static, anyhow::Result<Step>> + Send + Sync + 'static,
    {
        Self { table, name, age, interval: INTERVAL, limits_age: false, work: Box::new(work) }
    }

    /// Rows of `table` that are older than `age` are deleted by other means, or are kept until a setting
    /// allows their deletion. Their age is reported like that of other rules.
    #[must_use]
    pub fn reported(table: &'static str, age: Duration) -> Self {
        let nothing = |_database, _slice| -> BoxFuture<'static, anyhow::Result<Step>> {
            Box::pin(async { Ok(Step { rows: 0, next: None }) })
        };
        Self::with_work(table, "reported", age, nothing).every(REPORTED).for_all_rows()
    }

    /// The same rule, with this time between two passes; without it a minute.
    #[must_use]
    pub fn every(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// The same rule, which deletes all rows of the table that are older than its age: the metric
    /// `retention.limit` reports it, and an older row is an alert.
    #[must_use]
    pub fn for_all_rows(self) -> Self {
        Self { limits_age: true, ..self }
    }

    /// The first step of a pass.
    pub(crate) const fn first(&self) -> Slice {
        Slice::first(self.age, ROWS)
    }

    /// Does one step.
    pub(crate) fn step(&self, database: &Database, slice: Slice) -> BoxFuture<'static, anyhow::Result<Step>> {
        (self.work)(database.clone(), slice)
    }
}
