//! The database of an environment, with an audit in PostgreSQL of every offset that moves.

use anyhow::Context as _;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use secrecy::SecretString;
use serde_json::Value;
use storage::{Database, DatabaseSettings};

/// Few, because many pools share one server.
const CONNECTIONS: usize = 3;

/// Tables and triggers of the audit.
const AUDIT: &str = include_str!("database_audit/audit.sql");

#[derive(diesel::QueryableByName)]
struct JsonValue {
    #[diesel(sql_type = diesel::sql_types::Jsonb)]
    value: Value,
}

/// A migrated database with the audit.
#[derive(Clone)]
pub struct AuditedDatabase {
    /// Connections to the database that bypass the proxy.
    pub database: Database,
    /// The URL of the database.
    pub url: String,
}

impl AuditedDatabase {
    /// Creates the database `name` on the server of `server_url`, migrates it and starts the audit.
    ///
    /// # Errors
    /// When PostgreSQL refuses it.
    pub async fn create(server_url: &str, name: &str) -> anyhow::Result<Self> {
        let server = pool(server_url)?;
        run(&server, &format!("create database {name}")).await?;
        let (base, _) =
            server_url.rsplit_once('/').context("the server's URL has no /database at its end")?;
        let url = format!("{base}/{name}");
        pool(&url)?.migrate().await?;
        Self::open(&url).await
    }

    /// Starts the audit in a database that is already migrated.
    ///
    /// # Errors
    /// When PostgreSQL refuses it.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        let audited = Self { database: pool(url)?, url: url.to_owned() };
        audited.run_sql(AUDIT).await.context("start the audit")?;
        Ok(audited)
    }

    /// Drops the database.
    ///
    /// # Errors
    /// When PostgreSQL refuses it.
    pub async fn destroy(self, server_url: &str) -> anyhow::Result<()> {
        let name = self.name().to_owned();
        drop(self.database);
        run(&pool(server_url)?, &format!("drop database if exists {name} with (force)")).await
    }

    /// Runs SQL in the server's database `postgres`, without a connection to this database.
    ///
    /// # Errors
    /// When PostgreSQL refuses it.
    pub(crate) async fn run_on_server(url: &str, statements: &[String]) -> anyhow::Result<()> {
        let (server, _) = url.rsplit_once('/').context("the database URL has no /database at its end")?;
        let database = pool(&format!("{server}/postgres"))?;
        for sql in statements {
            run(&database, sql).await?;
        }
        Ok(())
    }

    /// Runs SQL.
    ///
    /// # Errors
    /// When PostgreSQL refuses it.
    pub async fn run_sql(&self, sql: &str) -> anyhow::Result<()> {
        run(&self.database, sql).await
    }

    /// The name of the database.
    #[must_use]
    pub fn name(&self) -> &str {
        self.url.rsplit_once('/').map_or(&*self.url, |(_, name)| name)
    }

    /// Changes a setting of the database and closes all other connections to it, so that new
    /// connections use the setting.
    ///
    /// # Errors
    /// When PostgreSQL refuses it.
    pub async fn alter_database(&self, change: &str) -> anyhow::Result<()> {
        // This statement must be able to write, whatever the setting is.
        let alter = format!("begin read write; alter database {} {change}; commit", self.name());
        self.run_sql(&alter).await?;
        self.run_sql(&disconnect("pid <> pg_backend_pid()")).await
    }

    /// A separate pool of up to `number` connections with the application name `name`.
    ///
    /// # Errors
    /// When the URL is invalid.
    pub fn connections(&self, number: usize, name: &str) -> anyhow::Result<Database> {
        pool_of(&format!("{}?application_name={name}", self.url), number)
    }

    /// The text that a query returns.
    ///
    /// # Errors
    /// When PostgreSQL refuses it, or the value is not a text.
    pub async fn text(&self, sql: &str) -> anyhow::Result<String> {
        let value = json(&self.database, sql).await?;
        Ok(value.as_str().with_context(|| format!("the query returned no text: {sql}"))?.to_owned())
    }

    /// The number that a query returns.
    ///
    /// # Errors
    /// When PostgreSQL refuses it, or the value is not an integer.
    pub async fn number(&self, sql: &str) -> anyhow::Result<i64> {
        json(&self.database, sql)
            .await?
            .as_i64()
            .with_context(|| format!("the query returned no integer: {sql}"))
    }
}

/// A statement that closes the connections to the database that meet `condition`.
pub(crate) fn disconnect(condition: &str) -> String {
    format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and {condition}"
    )
}

/// The single value of a query, as JSON.
///
/// # Errors
/// When PostgreSQL refuses it.
pub async fn json(database: &Database, sql: &str) -> anyhow::Result<Value> {
    let mut connection = database.connection().await?;
    let query = format!("select coalesce(to_jsonb(({sql})), 'null') as value");
    let row: JsonValue = diesel::sql_query(query).get_result(&mut connection).await.context("query")?;
    Ok(row.value)
}

/// The rows of a query as JSON objects, in their order.
///
/// # Errors
/// When PostgreSQL refuses it.
pub async fn rows(database: &Database, sql: &str) -> anyhow::Result<Vec<Value>> {
    let query = format!("select coalesce(json_agg(r), '[]') from ({sql}) r");
    match json(database, &query).await? {
        Value::Array(rows) => Ok(rows),
        other => anyhow::bail!("the query returned no rows: {other}"),
    }
}

async fn run(database: &Database, sql: &str) -> anyhow::Result<()> {
    let mut connection = database.connection().await?;
    let result = connection.batch_execute(sql).await;
    if result.is_err() {
        // The connection returns to its pool, perhaps inside a transaction.
        drop(connection.batch_execute("rollback").await);
    }
    result.with_context(|| sql.chars().take(80).collect::<String>())
}

fn pool(url: &str) -> anyhow::Result<Database> {
    pool_of(url, CONNECTIONS)
}

fn pool_of(url: &str, max_connections: usize) -> anyhow::Result<Database> {
    let settings = DatabaseSettings {
        max_connections,
        statement_timeout_ms: 60_000,
        ..DatabaseSettings::without_tls(SecretString::from(url.to_owned()))
    };
    Ok(Database::new(&settings)?)
}
