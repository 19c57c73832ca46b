//! PostgreSQL's lock table, which all connections share. When it is full, statements fail with "out
//! of shared memory".

use crate::{Database, StorageError};
use diesel::QueryableByName;
use diesel::sql_types::Int4;
use diesel_async::RunQueryDsl;

/// PostgreSQL's default of `max_locks_per_transaction`. The statements here need about twenty
/// entries for each connection that reads the history; dumps and dropping old days need more.
const LEAST: i32 = 64;

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Int4)]
    locks: i32,
}

impl Database {
    /// `max_locks_per_transaction` of the server, if it is below the platform's minimum.
    ///
    /// # Errors
    /// If PostgreSQL fails.
    pub async fn small_lock_table(&self) -> Result<Option<i32>, StorageError> {
        let mut connection = self.connection().await?;
        let Setting { locks } =
            diesel::sql_query("select current_setting('max_locks_per_transaction')::int as locks")
                .get_result(&mut connection)
                .await?;
        Ok(Some(locks).filter(|locks| *locks < LEAST))
    }

    /// Logs a warning with a remedy if the lock table is too small.
    pub(crate) async fn warn_of_small_lock_table(&self) {
        if let Ok(Some(locks)) = self.small_lock_table().await {
            tracing::warn!(
                max_locks_per_transaction = locks,
                "PostgreSQL's lock table is small; statements may fail with \"out of shared memory\": set \
                 max_locks_per_transaction to {LEAST} or more and restart PostgreSQL"
            );
        }
    }
}
