//! The schema: migrating it, and refusing to work with an incompatible one.

use super::current_schema::{self, own_relation};
use super::lock_wait::LOCK_WAIT;
use super::online_steps;
use crate::{Connection, Database, StorageError};
use diesel::QueryableByName;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncMigrationHarness, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::BTreeSet;
use std::time::Duration;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// First and longest pause between attempts to reach PostgreSQL.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The key of the advisory lock that is held while migrating, so that two concurrent runs do not
/// apply the same migration twice. Platforms in several schemas of a database share it, because they
/// create the same extensions.
const MIGRATION_LOCK: i64 = 0x6368_6172_6765;

/// Pause between attempts to get that lock.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// How long the statements that are queued after a migration have the table, once it has waited for
/// [`LOCK_WAIT`] and is undone.
const LOCK_PAUSE: Duration = Duration::from_secs(1);
/// Largest number of attempts per run.
const LOCK_ATTEMPTS: u32 = 150;

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

impl Database {
    /// Applies the missing migrations and returns their versions. Safe to run concurrently, and
    /// while services are running.
    ///
    /// A statement that waits for a table lock blocks all later ones. Therefore a migration that
    /// does not get a lock soon is rolled back and retried, for some minutes.
    ///
    /// Needs a multi-threaded runtime: migrations block their thread.
    ///
    /// # Errors
    /// If there is no connection or a migration fails.
    pub async fn migrate(&self) -> Result<Vec<String>, StorageError> {
        let mut connection = self.connection().await?;
        current_schema::check_exists(&mut connection).await?;
        // Polled: an index that is built concurrently waits for every transaction that is older, and
        // so for a run that would wait here for the lock.
        while !try_lock(&mut connection).await? {
            tokio::time::sleep(LOCK_POLL).await;
        }
        let settings = format!("set statement_timeout = 0; set lock_timeout = '{LOCK_WAIT}'");
        connection.batch_execute(&settings).await?;
        let mut harness = AsyncMigrationHarness::new(connection);
        let mut applied = Vec::new();
        let mut attempts = 1..LOCK_ATTEMPTS;
        let outcome = loop {
            match run_next(&mut harness) {
                Ok(Some(version)) => applied.push(version),
                Ok(None) => break Ok(applied),
                Err(error) if attempts.next().is_some() && self.is_lock_timeout(&error).await => {
                    tracing::warn!("a migration waits for a lock; it is retried in 1 s");
                    tokio::time::sleep(LOCK_PAUSE).await;
                }
                Err(error) => break Err(StorageError::Migration(error)),
            }
        };
        // The lock and the settings end with the connection, which does not return to the pool.
        let mut connection = diesel_async::pooled_connection::deadpool::Object::take(harness.into_inner());
        let applied = outcome?;
        online_steps::run(&mut connection).await?;
        Ok(applied)
    }

    /// Whether `error` of a migration says that the wait for a lock timed out. The text depends on
    /// the server's language, so the server is asked for it: another connection waits briefly for
    /// the lock that this run holds.
    async fn is_lock_timeout(&self, error: &str) -> bool {
        let Ok(mut connection) = self.connection().await else { return false };
        let wait = format!("set local lock_timeout = '1ms'; select pg_advisory_xact_lock({MIGRATION_LOCK})");
        match connection.batch_execute(&wait).await {
            Err(diesel::result::Error::DatabaseError(_, info)) => error.contains(info.message()),
            _ => false,
        }
    }

    /// Reverts all migrations, the newest first. For tests of the down migrations.
    ///
    /// # Errors
    /// If there is no connection or a migration fails.
    pub async fn revert_all(&self) -> Result<(), StorageError> {
        let mut harness = AsyncMigrationHarness::new(self.connection().await?);
        harness
            .revert_all_migrations(MIGRATIONS)
            .map(|_| ())
            .map_err(|error| StorageError::Migration(error.to_string()))
    }

    /// Waits for PostgreSQL without a time limit, and refuses a schema that this program does not
    /// support. Calls `waiting` with the error of each failed attempt and the pause before the
    /// next.
    ///
    /// # Errors
    /// As for [`check_schema`](Self::check_schema), except transient errors.
    pub async fn await_schema(&self, waiting: impl Fn(&StorageError, Duration)) -> Result<(), StorageError> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.check_schema().await {
                Err(error) if error.is_transient() => {
                    waiting(&error, pause);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Ok(()) => {
                    self.warn_of_foreign_messages().await;
                    self.warn_of_small_lock_table().await;
                    return Ok(());
                }
                refused => return refused,
            }
        }
    }

    /// Refuses a schema that lacks a migration that this program was built with. A newer schema is
    /// accepted, so that the previous release continues to work during an upgrade, unless something
    /// that this program needs was removed from it.
    ///
    /// # Errors
    /// [`StorageError::WrongSchema`], [`StorageError::SchemaTooNew`], [`StorageError::Settings`] if the
    /// schema of the tables does not exist, or no connection.
    pub async fn check_schema(&self) -> Result<(), StorageError> {
        let embedded = embedded()?;
        let mut connection = self.connection().await?;
        current_schema::check_exists(&mut connection).await?;
        let applied = versions(&mut connection, "__diesel_schema_migrations", APPLIED).await?;
        if let Some(needed) = embedded.iter().find(|version| !applied.contains(version)) {
            let found = applied.last().map_or("empty", String::as_str).to_owned();
            return Err(StorageError::WrongSchema { found, needed: needed.clone() });
        }
        let oldest = versions(&mut connection, "schema_floor", FLOOR).await?.pop().unwrap_or_default();
        let built_with = embedded.last().cloned().unwrap_or_default();
        if built_with < oldest {
            return Err(StorageError::SchemaTooNew { built_with, oldest });
        }
        Ok(())
    }
}

async fn try_lock(connection: &mut Connection) -> Result<bool, StorageError> {
    let lock = format!("select pg_try_advisory_lock({MIGRATION_LOCK}) as exists");
    let Table { exists } = diesel::sql_query(lock).get_result(connection).await?;
    Ok(exists)
}

/// Applies the next missing migration and returns its version; `None` if none is missing.
fn run_next(harness: &mut impl MigrationHarness<Pg>) -> Result<Option<String>, String> {
    let pending = harness.pending_migrations(MIGRATIONS).map_err(|error| error.to_string())?;
    let [next, ..] = pending.as_slice() else { return Ok(None) };
    let version = harness.run_migration(next).map_err(|error| error.to_string())?;
    Ok(Some(version.to_string()))
}

const APPLIED: &str = "select version::text from __diesel_schema_migrations order by version";
const FLOOR: &str = "select oldest as version from schema_floor";

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Bool)]
    exists: bool,
}

/// The versions that `query` of `table` returns; none if the table does not exist. Other errors are
/// returned: a schema that cannot be read at the moment is not empty.
async fn versions(
    connection: &mut Connection,
    table: &str,
    query: &str,
) -> Result<Vec<String>, StorageError> {
    let of_the_database = |error| StorageError::from(error).of_the_database();
    let found = diesel::sql_query(concat!("select ", own_relation!(), " is not null as exists"));
    let found = found.bind::<Text, _>(table);
    let Table { exists } = found.get_result(connection).await.map_err(of_the_database)?;
    if !exists {
        return Ok(Vec::new());
    }
    let rows: Vec<Version> = diesel::sql_query(query).load(connection).await.map_err(of_the_database)?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

/// The versions of the migrations that this program was built with, in order.
fn embedded() -> Result<Vec<String>, StorageError> {
    let migrations: Vec<Box<dyn Migration<Pg>>> =
        MIGRATIONS.migrations().map_err(|error| StorageError::Migration(error.to_string()))?;
    let versions: BTreeSet<_> =
        migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    Ok(versions.into_iter().collect())
}
