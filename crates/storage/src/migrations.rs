//! The schema: bringing it up to date, and refusing to work on another one.

use crate::{Database, StorageError};
use diesel::QueryableByName;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::Text;
use diesel_async::{AsyncMigrationHarness, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::time::Duration;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Pauses between attempts to reach Postgres, from and to.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Taken while migrating, so that two that start at once do not run the same migration twice. Any constant will do.
const MIGRATION_LOCK: i64 = 0x6368_6172_6765;

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

impl Database {
    /// Applies the migrations that are missing; says which. Safe to run several times at once.
    ///
    /// Needs a multi-threaded runtime: migrations block their thread.
    ///
    /// # Errors
    /// No connection, or what a migration ran into.
    pub async fn migrate(&self) -> Result<Vec<String>, StorageError> {
        let mut connection = self.connection().await?;
        let lock = format!("set statement_timeout = 0; select pg_advisory_lock({MIGRATION_LOCK})");
        connection.batch_execute(&lock).await?;
        let mut harness = AsyncMigrationHarness::new(connection);
        let applied = harness
            .run_pending_migrations(MIGRATIONS)
            .map(|versions| versions.iter().map(ToString::to_string).collect())
            .map_err(|error| StorageError::Migration(error.to_string()));
        // The lock, and the lifted time-out, end with the connection: it does not go back to the pool.
        drop(diesel_async::pooled_connection::deadpool::Object::take(harness.into_inner()));
        applied
    }

    /// Takes every migration back, the newest first. For tests of the down migrations.
    ///
    /// # Errors
    /// No connection, or what a migration ran into.
    pub async fn revert_all(&self) -> Result<(), StorageError> {
        let mut harness = AsyncMigrationHarness::new(self.connection().await?);
        harness
            .revert_all_migrations(MIGRATIONS)
            .map(|_| ())
            .map_err(|error| StorageError::Migration(error.to_string()))
    }

    /// Waits until Postgres is there, however long that takes, and refuses a schema that this program was not built for.
    /// `waiting` is told of each attempt that failed, and of the pause before the next.
    ///
    /// # Errors
    /// As for [`check_schema`](Self::check_schema), but for what passes.
    pub async fn await_schema(&self, waiting: impl Fn(&StorageError, Duration)) -> Result<(), StorageError> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.check_schema().await {
                Err(error) if error.is_transient() => {
                    waiting(&error, pause);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                checked => return checked,
            }
        }
    }

    /// Refuses a schema that lacks a migration that this program was built with. A newer schema is accepted: migrations
    /// only ever widen it, so that the previous release goes on working during an upgrade.
    ///
    /// # Errors
    /// [`StorageError::WrongSchema`], or no connection.
    pub async fn check_schema(&self) -> Result<(), StorageError> {
        let needed = newest_embedded()?;
        let mut connection = self.connection().await?;
        let applied: Result<Vec<Version>, _> =
            diesel::sql_query("select version from __diesel_schema_migrations order by version")
                .load(&mut connection)
                .await;
        let found = match applied {
            Ok(applied) if applied.iter().any(|row| row.version == needed) => return Ok(()),
            Ok(applied) => applied.last().map_or("empty".to_owned(), |row| row.version.clone()),
            Err(error) => match StorageError::from(error) {
                passing if passing.is_transient() => return Err(passing),
                _ => "empty".to_owned(),
            },
        };
        Err(StorageError::WrongSchema { found, needed })
    }
}

fn newest_embedded() -> Result<String, StorageError> {
    let migrations: Vec<Box<dyn Migration<Pg>>> =
        MIGRATIONS.migrations().map_err(|error| StorageError::Migration(error.to_string()))?;
    let newest = migrations.iter().map(|migration| migration.name().version().to_string()).max();
    newest.ok_or_else(|| StorageError::Migration("no migrations were built in".to_owned()))
}
