//! A database for each test, cloned from a migrated template and dropped at the end.

use crate::stack::database_url;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use secrecy::SecretString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use storage::{Database, DatabaseSettings, PooledConnection};

/// Held while the template is created or cloned. Any constant that differs from the lock of
/// migrations.
const TEMPLATE_LOCK: i64 = 0x7465_6d70;
/// Few, because many tests share one server.
const CONNECTIONS: usize = 4;

#[derive(diesel::QueryableByName)]
struct Value {
    #[diesel(sql_type = diesel::sql_types::Jsonb)]
    value: serde_json::Value,
}

/// A database for a single test, migrated and without rows unless stated otherwise; dropped with
/// this value.
pub struct TestDatabase {
    /// Connections to the database.
    pub pool: Database,
    /// The URL of the database, for a service that opens its own connections.
    pub url: String,
    /// `None` for a database that is not dropped.
    name: Option<String>,
}

impl TestDatabase {
    /// Clones the template, which is created first if the migrations have changed. Needs a
    /// multi-threaded runtime.
    ///
    /// # Panics
    /// When PostgreSQL cannot be reached.
    pub async fn new() -> Self {
        Self::with_connections(CONNECTIONS).await
    }

    /// The same with at most `max_connections` connections, for tests that hold several at once.
    ///
    /// # Panics
    /// When PostgreSQL cannot be reached.
    pub async fn with_connections(max_connections: usize) -> Self {
        let template = format!("charging_template_{:016x}", migrations_digest());
        let name = crate::unique("test").replace('-', "_");
        let mut server = AsyncPgConnection::establish(&database_url()).await.expect("reach DATABASE_URL");
        run(&mut server, &format!("select pg_advisory_lock({TEMPLATE_LOCK})")).await;
        let cloned = server.batch_execute(&format!("create database {name} template {template}")).await;
        if cloned.is_err() {
            create_template(&mut server, &template).await;
            run(&mut server, &format!("create database {name} template {template}")).await;
        }
        Self::named(name, max_connections)
    }

    /// An empty database, for tests that migrate it.
    ///
    /// # Panics
    /// When PostgreSQL cannot be reached.
    pub async fn empty() -> Self {
        let name = crate::unique("test").replace('-', "_");
        let mut server = AsyncPgConnection::establish(&database_url()).await.expect("reach DATABASE_URL");
        run(&mut server, &format!("create database {name}")).await;
        Self::named(name, CONNECTIONS)
    }

    /// The database at `url`, which is migrated; for tests with a server of their own, which goes with
    /// its databases.
    ///
    /// # Panics
    /// When it cannot be migrated.
    pub async fn at(url: String) -> Self {
        let pool = Database::new(&settings(&url)).unwrap();
        pool.migrate().await.unwrap();
        Self { pool, url, name: None }
    }

    /// A new schema of this database with the tables of a platform of its own; it goes with the database.
    ///
    /// # Panics
    /// When it cannot be migrated.
    pub async fn with_schema(&self, schema: &str) -> Self {
        self.execute(&format!("create schema {schema}")).await;
        Self::at(self.url_of_schema(schema)).await
    }

    /// The URL of the database for a service whose tables are in `schema`.
    #[must_use]
    pub fn url_of_schema(&self, schema: &str) -> String {
        format!("{}?options=-csearch_path%3D{schema}%2Cpublic", self.url)
    }

    /// Whether the server could create the extension `citus`, which must be installed and preloaded.
    pub async fn has_citus(&self) -> bool {
        let found = "exists (select from pg_available_extensions where name = 'citus')
                     and current_setting('shared_preload_libraries') like '%citus%'";
        self.json(found).await == true
    }

    /// Creates the extension `citus`, with this server as the only node.
    ///
    /// # Panics
    /// When PostgreSQL refuses it.
    pub async fn enable_citus(&self) {
        self.execute("create extension citus").await;
        self.execute("select citus_set_coordinator_host('localhost', current_setting('port')::integer)")
            .await;
        // Triggers of the platform stay within their schema.
        self.execute(
            "do $$ begin
               execute format('alter database %I set citus.enable_unsafe_triggers = on', current_database());
             end $$",
        )
        .await;
    }

    /// Distributes the schema, which must have its tables; its rows stay as they are.
    ///
    /// # Panics
    /// When Citus refuses it.
    pub async fn distribute_schema(&self, schema: &str) {
        self.execute(&format!(
            "set citus.enable_unsafe_triggers = on; select citus_schema_distribute('{schema}')"
        ))
        .await;
    }

    fn named(name: String, max_connections: usize) -> Self {
        let url = with_database(&name);
        let pool = Database::new(&DatabaseSettings { max_connections, ..settings(&url) }).unwrap();
        Self { pool, url, name: Some(name) }
    }

    /// The settings for a service that uses the database.
    #[must_use]
    pub fn settings(&self) -> DatabaseSettings {
        settings(&self.url)
    }

    /// The single value of a query, as JSON.
    ///
    /// # Panics
    /// When PostgreSQL refuses it, or the result is not a single value.
    pub async fn json(&self, sql: &str) -> serde_json::Value {
        let mut connection = self.pool.connection().await.unwrap();
        let sql = format!("select to_jsonb(({sql})) as value");
        let row: Value = diesel::sql_query(sql).get_result(&mut connection).await.unwrap();
        row.value
    }

    /// Runs `sql` in a transaction that stays open and keeps its locks.
    ///
    /// # Panics
    /// When PostgreSQL refuses it.
    pub async fn open_transaction(&self, sql: &str) -> OpenTransaction {
        let mut connection = self.pool.connection().await.unwrap();
        connection.batch_execute(&format!("begin; {sql}")).await.unwrap();
        OpenTransaction(connection)
    }

    /// Runs SQL.
    ///
    /// # Panics
    /// When PostgreSQL refuses it.
    pub async fn execute(&self, sql: &str) {
        self.pool.connection().await.unwrap().batch_execute(sql).await.unwrap();
    }
}

/// An open transaction with its locks.
pub struct OpenTransaction(PooledConnection);

impl OpenTransaction {
    /// Commits the transaction, which releases its locks.
    ///
    /// # Panics
    /// When PostgreSQL refuses it.
    pub async fn commit(mut self) {
        self.0.batch_execute("commit").await.unwrap();
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some(name) = &self.name else { return };
        let statement = format!("drop database if exists {name} with (force)");
        // On a thread with its own runtime, because the test's runtime may be shutting down.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut server = AsyncPgConnection::establish(&database_url()).await.unwrap();
                server.batch_execute(&statement).await.unwrap();
            });
        })
        .join();
        assert!(dropped.is_ok() || std::thread::panicking(), "the test database could not be dropped");
    }
}

async fn create_template(server: &mut AsyncPgConnection, template: &str) {
    // An incomplete template of an interrupted run has this name until it is complete.
    let draft = format!("{template}_draft");
    run(server, &format!("drop database if exists {draft} with (force)")).await;
    run(server, &format!("create database {draft}")).await;
    let pool = Database::new(&settings(&with_database(&draft))).unwrap();
    pool.migrate().await.unwrap();
    drop(pool);
    let rename = format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{draft}'; \
         alter database {draft} rename to {template}"
    );
    for attempt in 0.. {
        match server.batch_execute(&rename).await {
            Ok(()) => break,
            // A terminated backend may need a moment to exit.
            Err(_) if attempt < 3_000 => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            Err(error) => panic!("the template database could not be created: {error}"),
        }
    }
}

async fn run(server: &mut AsyncPgConnection, sql: &str) {
    server.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn settings(url: &str) -> DatabaseSettings {
    DatabaseSettings {
        max_connections: CONNECTIONS,
        ..DatabaseSettings::without_tls(SecretString::from(url.to_owned()))
    }
}

/// `DATABASE_URL` with another database.
fn with_database(name: &str) -> String {
    let url = database_url();
    let (server, _) = url.rsplit_once('/').expect("DATABASE_URL has /database at its end");
    format!("{server}/{name}")
}

fn migrations_digest() -> u64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut folders: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut digest = DefaultHasher::new();
    for migration in folders {
        migration.file_name().hash(&mut digest);
        std::fs::read(migration.join("up.sql")).unwrap().hash(&mut digest);
    }
    let online_steps =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/storage/src/database/online_steps.rs");
    std::fs::read(online_steps).unwrap().hash(&mut digest);
    digest.finish()
}
