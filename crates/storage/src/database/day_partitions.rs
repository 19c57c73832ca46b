//! Tables that have a partition for each day (UTC), made before it is needed and dropped as a whole when it is old.

use crate::{Connection, StorageError};
use chrono::{Days, NaiveDate};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Int8, Text};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};

/// The partitions of one such table.
#[derive(Debug, Clone, Copy)]
pub struct DayPartitions {
    table: &'static str,
    /// Guards the making and dropping of partitions; a number of the table's own, as good as any.
    lock: i64,
}

/// A condition that is always true. It keeps diesel from preparing the statement once per connection: after some executions PostgreSQL
/// would plan a prepared statement for all values at once, and such a plan locks the partitions of all days.
pub(crate) fn planned_anew() -> SqlLiteral<Bool> {
    diesel::dsl::sql("true")
}

#[derive(QueryableByName)]
struct PartitionName {
    #[diesel(sql_type = Text)]
    name: String,
}

impl DayPartitions {
    pub(crate) const fn of(table: &'static str, lock: i64) -> Self {
        Self { table, lock }
    }

    /// The table.
    #[must_use]
    pub const fn table(&self) -> &'static str {
        self.table
    }

    /// Makes the partition of `day`, if there is none.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn ensure(&self, connection: &mut Connection, day: NaiveDate) -> Result<(), StorageError> {
        let make = connection.transaction(async |tx| {
            // One at a time: "if not exists" is no protection against another that is not yet committed.
            self.lock(tx).await?;
            if !self.days(tx).await?.contains(&day) {
                tx.batch_execute(&self.make(day)).await?;
            }
            QueryResult::Ok(())
        });
        Ok(make.await?)
    }

    /// Drops the partitions of days before `day`; answers which they were.
    ///
    /// # Errors
    /// When Postgres fails, or the table is not free for a moment: then it is to be tried again later.
    pub async fn drop_before(
        &self,
        connection: &mut Connection,
        day: NaiveDate,
    ) -> Result<Vec<NaiveDate>, StorageError> {
        let drop = connection.transaction(async |tx| {
            self.lock(tx).await?;
            let old: Vec<_> = self.days(tx).await?.into_iter().filter(|held| *held < day).collect();
            if !old.is_empty() {
                // Batches wait while the drop waits for its lock; rather give up soon.
                tx.batch_execute("set local lock_timeout = '1s'").await?;
            }
            for day in &old {
                tx.batch_execute(&format!("drop table {}", self.name(*day))).await?;
            }
            QueryResult::Ok(old)
        });
        Ok(drop.await?)
    }

    /// The days that have a partition, in order.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn list(&self, connection: &mut Connection) -> Result<Vec<NaiveDate>, StorageError> {
        Ok(self.days(connection).await?)
    }

    async fn days(&self, connection: &mut Connection) -> QueryResult<Vec<NaiveDate>> {
        let names: Vec<PartitionName> = diesel::sql_query(
            "select c.relname::text as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
             where i.inhparent = $1::regclass order by 1",
        )
        .bind::<Text, _>(self.table)
        .load(connection)
        .await?;
        let pattern = self.pattern();
        let day = |name: &PartitionName| NaiveDate::parse_from_str(&name.name, &pattern).ok();
        Ok(names.iter().filter_map(day).collect())
    }

    async fn lock(&self, tx: &mut Connection) -> QueryResult<()> {
        let lock = diesel::sql_query("select pg_advisory_xact_lock($1)").bind::<Int8, _>(self.lock);
        lock.execute(tx).await.map(drop)
    }

    fn pattern(&self) -> String {
        format!("{}_%Y%m%d", self.table)
    }

    fn name(&self, day: NaiveDate) -> String {
        day.format(&self.pattern()).to_string()
    }

    /// Made apart and then attached, so that batches under way are not waited for. A name and dates cannot be parameters;
    /// they are made of the table's name and a date, and of nothing else.
    fn make(&self, day: NaiveDate) -> String {
        let (table, name) = (self.table, self.name(day));
        let end = day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        format!(
            "create table {name} (like {table} including all);
             alter table {table} attach partition {name}
               for values from ('{day} 00:00:00+00') to ('{end} 00:00:00+00');"
        )
    }
}
