//! The database of an arena, with an audit that Postgres itself keeps of every offset that moves.

use anyhow::Context as _;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use secrecy::SecretString;
use serde_json::Value;
use storage::{Database, DatabaseSettings};

/// Tables and triggers of the audit.
const AUDIT: &str = include_str!("books/audit.sql");

#[derive(diesel::QueryableByName)]
struct Answer {
    #[diesel(sql_type = diesel::sql_types::Jsonb)]
    value: Value,
}

/// A migrated database with the audit in it.
#[derive(Clone)]
pub struct Books {
    /// Connections to it, past any proxy.
    pub database: Database,
    /// Where it is.
    pub url: String,
}

impl Books {
    /// Makes the database `name` on the server of `server_url`, migrates it and begins the audit.
    ///
    /// # Errors
    /// When Postgres refuses it.
    pub async fn create(server_url: &str, name: &str) -> anyhow::Result<Self> {
        let server = pool(server_url)?;
        run(&server, &format!("create database {name}")).await?;
        let (base, _) = server_url.rsplit_once('/').context("the URL of the server ends in /database")?;
        let url = format!("{base}/{name}");
        pool(&url)?.migrate().await?;
        Self::open(&url).await
    }

    /// Begins the audit in a database that is migrated already.
    ///
    /// # Errors
    /// When Postgres refuses it.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        let books = Self { database: pool(url)?, url: url.to_owned() };
        books.run_sql(AUDIT).await.context("begin the audit")?;
        Ok(books)
    }

    /// Deletes the database.
    ///
    /// # Errors
    /// When Postgres refuses it.
    pub async fn destroy(self, server_url: &str) -> anyhow::Result<()> {
        let name = self.url.rsplit_once('/').map(|(_, name)| name.to_owned()).unwrap_or_default();
        drop(self.database);
        run(&pool(server_url)?, &format!("drop database if exists {name} with (force)")).await
    }

    /// Runs plain SQL.
    ///
    /// # Errors
    /// When Postgres refuses it.
    pub async fn run_sql(&self, sql: &str) -> anyhow::Result<()> {
        run(&self.database, sql).await
    }

    /// The number that a query answers.
    ///
    /// # Errors
    /// When Postgres refuses it, or it is no number.
    pub async fn number(&self, sql: &str) -> anyhow::Result<i64> {
        json(&self.database, sql).await?.as_i64().with_context(|| format!("no number: {sql}"))
    }
}

/// The one value of a query, as JSON.
///
/// # Errors
/// When Postgres refuses it.
pub async fn json(database: &Database, sql: &str) -> anyhow::Result<Value> {
    let mut connection = database.connection().await?;
    let asked = format!("select coalesce(to_jsonb(({sql})), 'null') as value");
    let answer: Answer = diesel::sql_query(asked).get_result(&mut connection).await.context("query")?;
    Ok(answer.value)
}

/// The rows of a query, as JSON objects in its order.
///
/// # Errors
/// When Postgres refuses it.
pub async fn rows(database: &Database, sql: &str) -> anyhow::Result<Vec<Value>> {
    let asked = format!("select coalesce(json_agg(r), '[]') from ({sql}) r");
    match json(database, &asked).await? {
        Value::Array(rows) => Ok(rows),
        other => anyhow::bail!("not rows: {other}"),
    }
}

async fn run(database: &Database, sql: &str) -> anyhow::Result<()> {
    let mut connection = database.connection().await?;
    connection.batch_execute(sql).await.with_context(|| sql.chars().take(80).collect::<String>())
}

fn pool(url: &str) -> anyhow::Result<Database> {
    let settings = DatabaseSettings {
        url: SecretString::from(url.to_owned()),
        max_connections: 3,
        connect_timeout_ms: 20_000,
        statement_timeout_ms: 60_000,
    };
    Ok(Database::new(&settings)?)
}
