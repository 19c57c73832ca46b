//! Tables with one partition per day (UTC), created ahead of time and dropped as a whole when old.

use crate::database::current_schema::lock_offset;
use crate::database::lock_wait::LOCK_WAIT;
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
    /// The key of the advisory lock for creating and dropping partitions; unique per table.
    lock: i64,
}

/// A condition that is always true. It keeps diesel from preparing the statement once per
/// connection: after some executions PostgreSQL would use a generic plan, which locks the
/// partitions of all days.
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

    /// The name of the table.
    #[must_use]
    pub const fn table(&self) -> &'static str {
        self.table
    }

    /// Creates the partition of `day`, if it does not exist.
    ///
    /// # Errors
    /// If PostgreSQL fails.
    pub async fn ensure(&self, connection: &mut Connection, day: NaiveDate) -> Result<(), StorageError> {
        let created = connection.transaction(async |tx| {
            // Serialized, because "if not exists" does not see a partition that another transaction
            // has not committed yet.
            self.lock(tx).await?;
            if !self.days(tx).await?.contains(&day) {
                let [create, attach] = self.create_sql(day);
                tx.batch_execute(&create).await?;
                tx.batch_execute(&attach).await?;
            }
            QueryResult::Ok(())
        });
        Ok(created.await?)
    }

    /// Drops the partitions of days before `day`; returns these days.
    ///
    /// # Errors
    /// If PostgreSQL fails, or the table is locked at the moment; retry later in that case.
    pub async fn drop_before(
        &self,
        connection: &mut Connection,
        day: NaiveDate,
    ) -> Result<Vec<NaiveDate>, StorageError> {
        let drop = connection.transaction(async |tx| {
            self.lock(tx).await?;
            let old: Vec<_> = self.days(tx).await?.into_iter().filter(|held| *held < day).collect();
            if !old.is_empty() {
                // Batches wait while the drop waits for its lock.
                tx.batch_execute(&format!("set local lock_timeout = '{LOCK_WAIT}'")).await?;
            }
            for day in &old {
                tx.batch_execute(&format!("drop table {}", self.name(*day))).await?;
            }
            QueryResult::Ok(old)
        });
        Ok(drop.await?)
    }

    /// The days that have a partition, in ascending order.
    ///
    /// # Errors
    /// If PostgreSQL fails.
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
        let lock = diesel::sql_query(concat!("select pg_advisory_xact_lock($1 # ", lock_offset!(), ")"))
            .bind::<Int8, _>(self.lock);
        lock.execute(tx).await.map(drop)
    }

    fn pattern(&self) -> String {
        format!("{}_%Y%m%d", self.table)
    }

    fn name(&self, day: NaiveDate) -> String {
        day.format(&self.pattern()).to_string()
    }

    /// Created as a table and then attached, so that running batches do not block it. Names and
    /// dates cannot be parameters; the text is built from the table's name and a date only. Citus
    /// takes each command alone.
    fn create_sql(&self, day: NaiveDate) -> [String; 2] {
        let (table, name) = (self.table, self.name(day));
        let end = day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        [
            format!("create table {name} (like {table} including all)"),
            format!(
                "alter table {table} attach partition {name}
                   for values from ('{day} 00:00:00+00') to ('{end} 00:00:00+00')"
            ),
        ]
    }
}
