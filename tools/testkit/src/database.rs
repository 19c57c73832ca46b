//! A database for each test, cloned from a migrated template and dropped at the end.

use crate::stack::database_url;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use secrecy::SecretString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use storage::{Database, DatabaseSettings, PooledConnection};

/// Taken while the template is made or cloned. Any constant will do, as long as it is not the one migrations take.
const TEMPLATE_LOCK: i64 = 0x7465_6d70;
/// Few: many tests share one server.
const CONNECTIONS: usize = 4;

#[derive(diesel::QueryableByName)]
struct Value {
    #[diesel(sql_type = diesel::sql_types::Jsonb)]
    value: serde_json::Value,
}

/// A database that no other test sees, migrated and without rows unless said otherwise; dropped with this value.
pub struct TestDatabase {
    /// Connections to it.
    pub pool: Database,
    /// Where it is, for a service of its own.
    pub url: String,
    name: String,
}

impl TestDatabase {
    /// Clones the template, which is made first when the migrations have changed. Needs a multi-threaded runtime.
    ///
    /// # Panics
    /// When Postgres cannot be reached.
    pub async fn new() -> Self {
        Self::with_connections(CONNECTIONS).await
    }

    /// The same with so many connections at most, for tests that hold several at once.
    ///
    /// # Panics
    /// When Postgres cannot be reached.
    pub async fn with_connections(max_connections: usize) -> Self {
        let template = format!("charging_template_{:016x}", migrations_digest());
        let name = crate::unique("test").replace('-', "_");
        let mut server = AsyncPgConnection::establish(&database_url()).await.expect("reach DATABASE_URL");
        run(&mut server, &format!("select pg_advisory_lock({TEMPLATE_LOCK})")).await;
        let made = server.batch_execute(&format!("create database {name} template {template}")).await;
        if made.is_err() {
            make_template(&mut server, &template).await;
            run(&mut server, &format!("create database {name} template {template}")).await;
        }
        Self::named(name, max_connections)
    }

    /// An empty one, for who migrates it.
    ///
    /// # Panics
    /// When Postgres cannot be reached.
    pub async fn empty() -> Self {
        let name = crate::unique("test").replace('-', "_");
        let mut server = AsyncPgConnection::establish(&database_url()).await.expect("reach DATABASE_URL");
        run(&mut server, &format!("create database {name}")).await;
        Self::named(name, CONNECTIONS)
    }

    fn named(name: String, max_connections: usize) -> Self {
        let url = with_database(&name);
        let pool = Database::new(&DatabaseSettings { max_connections, ..settings(&url) }).unwrap();
        Self { pool, url, name }
    }

    /// Settings for a service that works on it.
    #[must_use]
    pub fn settings(&self) -> DatabaseSettings {
        settings(&self.url)
    }

    /// The one value of a query that answers JSON.
    ///
    /// # Panics
    /// When Postgres refuses it, or it is not one value of JSON.
    pub async fn json(&self, sql: &str) -> serde_json::Value {
        let mut connection = self.pool.connection().await.unwrap();
        let sql = format!("select to_jsonb(({sql})) as value");
        let row: Value = diesel::sql_query(sql).get_result(&mut connection).await.unwrap();
        row.value
    }

    /// Runs `sql` in a transaction that stays open, with the locks that it took.
    ///
    /// # Panics
    /// When Postgres refuses it.
    pub async fn hold(&self, sql: &str) -> OpenTransaction {
        let mut connection = self.pool.connection().await.unwrap();
        connection.batch_execute(&format!("begin; {sql}")).await.unwrap();
        OpenTransaction(connection)
    }

    /// Runs plain SQL.
    ///
    /// # Panics
    /// When Postgres refuses it.
    pub async fn execute(&self, sql: &str) {
        self.pool.connection().await.unwrap().batch_execute(sql).await.unwrap();
    }
}

/// A transaction with the locks that it holds.
pub struct OpenTransaction(PooledConnection);

impl OpenTransaction {
    /// Ends it, and gives up its locks.
    ///
    /// # Panics
    /// When Postgres refuses that.
    pub async fn commit(mut self) {
        self.0.batch_execute("commit").await.unwrap();
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let statement = format!("drop database if exists {} with (force)", self.name);
        // A thread with a runtime of its own: the test's runtime may be on its way out.
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

async fn make_template(server: &mut AsyncPgConnection, template: &str) {
    // A half-made one, of a run that was cut off, is marked by its name until it is whole.
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
            // A backend that was told to go may need a moment.
            Err(_) if attempt < 50 => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            Err(error) => panic!("the template database could not be made: {error}"),
        }
    }
}

async fn run(server: &mut AsyncPgConnection, sql: &str) {
    server.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn settings(url: &str) -> DatabaseSettings {
    DatabaseSettings {
        url: SecretString::from(url.to_owned()),
        max_connections: CONNECTIONS,
        connect_timeout_ms: 20_000,
        statement_timeout_ms: 20_000,
    }
}

/// `DATABASE_URL` with another database.
fn with_database(name: &str) -> String {
    let url = database_url();
    let (server, _) = url.rsplit_once('/').expect("DATABASE_URL ends in /database");
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
    digest.finish()
}
