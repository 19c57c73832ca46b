//! A harder floor: COPY of the same rows into the same tables. Nothing is looked up, locked, compared
//! or folded, and no row is updated: PostgreSQL can write these rows no faster.
//!
//! The tables are empty copies with the same columns, checks and indexes. The rows are those that
//! the batches have written before, as many per table and as many in a transaction.

use crate::numbers::{count, round, share};
use crate::report::Writing;
use anyhow::Context as _;
use futures_util::{SinkExt as _, TryStreamExt as _};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::time::Instant;
use tokio_postgres::{Client, NoTls};

/// Rows that were written to each table so far.
pub type RowsWritten = BTreeMap<String, i64>;

/// The rows of one transaction, in the text format of COPY.
struct Part {
    statement: String,
    rows: usize,
    text: Vec<u8>,
}

/// The rows that were written to each table of the database so far, by PostgreSQL's own statistics,
/// which are up to a second late. The partitions of a table are tables.
pub async fn rows_written(url: &str) -> anyhow::Result<RowsWritten> {
    let client = connect(url).await?;
    let query =
        "select relname::text, n_tup_ins + n_tup_upd from pg_stat_user_tables where schemaname = 'public'";
    let rows = client.query(query, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Copies as many rows of each table as were `written`, over `connections` connections, with
/// `per_transaction` rows in each transaction. An event is `rows_per_event` rows.
pub async fn measure(
    url: &str,
    written: &RowsWritten,
    connections: usize,
    per_transaction: usize,
    rows_per_event: f64,
) -> anyhow::Result<Writing> {
    let client = connect(url).await?;
    let mut parts = Vec::new();
    for (table, rows) in written.iter().filter(|(_, rows)| **rows > 0) {
        parts.extend(read(&client, table, *rows, per_transaction.max(1)).await?);
    }
    let rows: usize = parts.iter().map(|part| part.rows).sum();
    // Each connection gets parts of all tables.
    let mut shares: Vec<Vec<Part>> = (0..connections).map(|_| Vec::new()).collect();
    for (index, part) in parts.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(index % connections.max(1)) {
            share.push(part);
        }
    }
    let mut clients = Vec::new();
    for share in shares {
        clients.push((connect(url).await?, share));
    }
    let begun = Instant::now();
    let tasks: Vec<_> =
        clients.into_iter().map(|(client, share)| tokio::spawn(write(client, share))).collect();
    for task in tasks {
        task.await.context("a copying task died")??;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let events = share(count(rows), rows_per_event);
    Ok(Writing {
        connections,
        events: format!("{events:.0}").parse().unwrap_or_default(),
        seconds: round(seconds, 2),
        events_per_s: round(share(events, seconds), 0),
    })
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("connect to PostgreSQL")?;
    // It ends with its client.
    tokio::spawn(connection);
    Ok(client)
}

/// Reads up to `rows` rows of `table`, and creates an empty copy of it.
async fn read(client: &Client, table: &str, rows: i64, per_transaction: usize) -> anyhow::Result<Vec<Part>> {
    // Generated columns cannot be copied.
    let columns = "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
                   where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''";
    let columns: String = client.query_one(columns, &[&table]).await?.get(0);
    client
        .batch_execute(&format!("create table \"copy_of_{table}\" (like \"{table}\" including all)"))
        .await?;
    let statement = format!("copy \"copy_of_{table}\" ({columns}) from stdin");
    let query = format!("copy (select {columns} from \"{table}\" limit {rows}) to stdout");
    let mut lines = std::pin::pin!(client.copy_out(query.as_str()).await?);
    let mut parts: Vec<Part> = Vec::new();
    while let Some(line) = lines.try_next().await? {
        let is_full = parts.last().is_none_or(|part| part.rows >= per_transaction);
        if is_full {
            parts.push(Part { statement: statement.clone(), rows: 0, text: Vec::new() });
        }
        if let Some(part) = parts.last_mut() {
            part.rows += 1;
            part.text.extend_from_slice(&line);
        }
    }
    Ok(parts)
}

async fn write(client: Client, parts: Vec<Part>) -> anyhow::Result<()> {
    for Part { statement, text, .. } in parts {
        let mut sink = std::pin::pin!(client.copy_in::<_, Cursor<Vec<u8>>>(statement.as_str()).await?);
        sink.send(Cursor::new(text)).await?;
        sink.as_mut().finish().await?;
    }
    Ok(())
}
