//! The indexes of a table, which are dropped while millions of rows are inserted.

use crate::database::Connection;
use anyhow::Context as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use launch::output::progress;

/// Indexes that were dropped.
#[derive(Debug)]
pub struct Indexes(Vec<Index>);

#[derive(Debug, QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
}

impl Indexes {
    /// Drops the indexes of `table`, except the primary key.
    pub async fn drop_all(connection: &mut Connection, table: &str) -> anyhow::Result<Self> {
        let indexes: Vec<Index> = diesel::sql_query(
            "select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
             from pg_index where indrelid = $1::regclass and not indisprimary order by 1",
        )
        .bind::<Text, _>(table)
        .load(connection)
        .await?;
        for index in &indexes {
            connection.batch_execute(&format!("drop index {}", index.name)).await?;
        }
        Ok(Self(indexes))
    }

    /// Builds them as the migrations define them.
    pub async fn build(&self, connection: &mut Connection) -> anyhow::Result<()> {
        for index in &self.0 {
            progress(&format!("building the index {} …", index.name));
            let built = connection.batch_execute(&index.definition).await;
            built.with_context(|| format!("build the index {}", index.name))?;
        }
        Ok(())
    }
}
