//! The data: stations, piles and millions of sessions in a separate database, always the same.

use crate::database::{self, Connection};
use crate::indexes::Indexes;
use crate::numbers::{float, grouped_count, round};
use crate::report::SessionData;
use anyhow::Context as _;
use diesel::prelude::*;
use diesel::sql_types::Int8;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use launch::Process;
use launch::output::{passed, progress};
use std::time::Instant;

const PLACES: &str = include_str!("places.sql");
const SESSIONS: &str = include_str!("sessions.sql");
/// The stations that a database of at least ten million sessions has; the busiest then has 1 % of
/// the sessions.
const MAX_STATIONS: u64 = 10_000;
/// Sessions of a station on average, in a smaller database.
const SESSIONS_OF_STATION: u64 = 1_000;
/// Sessions of a driver on average.
const SESSIONS_OF_TAG: u64 = 40;
const PILES_OF_STATION: u64 = 10;
/// The statements that insert all sessions; after each, the progress is reported.
const BATCHES: u64 = 20;
/// Settings of the connection that inserts and builds indexes.
const SETTINGS: &str = "set statement_timeout = 0; set synchronous_commit = off; set maintenance_work_mem = '256MB'; set timezone = 'UTC'";

/// How much a database contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Sessions.
    pub sessions: u64,
    /// Stations.
    pub stations: u64,
    /// Drivers with a token of their own.
    pub tags: u64,
}

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = Int8)]
    open: i64,
    #[diesel(sql_type = Int8)]
    database: i64,
    #[diesel(sql_type = Int8)]
    rows: i64,
    #[diesel(sql_type = Int8)]
    indexes: i64,
}

impl Scale {
    /// The scale of a database with this number of sessions.
    pub fn of(sessions: u64) -> Self {
        let stations = (sessions / SESSIONS_OF_STATION).clamp(1, MAX_STATIONS);
        Self { sessions, stations, tags: (sessions / SESSIONS_OF_TAG).max(1) }
    }

    /// Piles.
    pub const fn piles(self) -> u64 {
        self.stations * PILES_OF_STATION
    }
}

/// Creates the database `name` next to the one at `given`, with all data; returns its URL and what
/// it contains.
pub async fn create(given: &str, name: &str, scale: Scale) -> anyhow::Result<(String, SessionData)> {
    database::create(given, name).await?;
    let url = database::with_database(given, name)?;
    Process::run("asset-api", "migrate", &[("DATABASE_URL", url.clone())]).await?;
    let mut connection = database::connect(&url).await?;
    connection.batch_execute(SETTINGS).await?;
    let places = format!("set bench.stations = {};\n{PLACES}", scale.stations);
    connection.batch_execute(&places).await.context("create stations and piles")?;
    let begun = Instant::now();
    let indexes = Indexes::drop_all(&mut connection, "sessions").await?;
    connection.batch_execute("alter table sessions disable trigger user").await?;
    insert(&mut connection, scale).await?;
    let filled_s = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    indexes.build(&mut connection).await?;
    connection.batch_execute("alter table sessions enable trigger user").await?;
    let indexed_s = begun.elapsed().as_secs_f64();
    progress("vacuum analyze …");
    connection.batch_execute("vacuum analyze").await.context("vacuum")?;
    // Not during the measurement. Without the privilege, the checkpoint comes at some other time.
    connection.batch_execute("checkpoint").await.unwrap_or_default();
    let data = measure_size(&mut connection, scale).await?;
    let data = SessionData { filled_s: round(filled_s, 1), indexed_s: round(indexed_s, 1), ..data };
    passed(&format!("{} MB, of which {} MB are indexes of sessions", data.database_mb, data.indexes_mb));
    Ok((url, data))
}

/// Inserts all sessions, in the order of their beginning.
async fn insert(connection: &mut Connection, scale: Scale) -> anyhow::Result<()> {
    let begun = Instant::now();
    let parameter = |number: u64| i64::try_from(number).context("too many sessions");
    let batch = scale.sessions.div_ceil(BATCHES);
    let mut from = 0;
    while from < scale.sessions {
        let until = (from + batch).min(scale.sessions);
        diesel::sql_query(SESSIONS)
            .bind::<Int8, _>(parameter(from)?)
            .bind::<Int8, _>(parameter(until - 1)?)
            .bind::<Int8, _>(parameter(scale.sessions)?)
            .bind::<Int8, _>(parameter(scale.stations)?)
            .bind::<Int8, _>(parameter(scale.tags)?)
            .execute(connection)
            .await
            .with_context(|| format!("insert sessions {from} to {until}"))?;
        from = until;
        progress(&format!(
            "{} of {} sessions after {} s …",
            grouped_count(from),
            grouped_count(scale.sessions),
            begun.elapsed().as_secs()
        ));
    }
    Ok(())
}

async fn measure_size(connection: &mut Connection, scale: Scale) -> anyhow::Result<SessionData> {
    let size: Size = diesel::sql_query(
        "select (select count(*) from sessions where ended_at is null) as open,
                pg_database_size(current_database()) as database,
                pg_table_size('sessions') as rows, pg_indexes_size('sessions') as indexes",
    )
    .get_result(connection)
    .await?;
    let mb = |bytes: i64| anyhow::Ok(round(float(u64::try_from(bytes)?) / 1e6, 0));
    Ok(SessionData {
        sessions: scale.sessions,
        open: u64::try_from(size.open)?,
        stations: scale.stations,
        piles: scale.piles(),
        id_tags: scale.tags,
        filled_s: 0.0,
        indexed_s: 0.0,
        database_mb: mb(size.database)?,
        rows_mb: mb(size.rows)?,
        indexes_mb: mb(size.indexes)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_stations_follows_that_of_sessions() {
        let scale = |sessions| {
            let scale = Scale::of(sessions);
            (scale.stations, scale.piles(), scale.tags)
        };
        assert_eq!(scale(10_000_000), (10_000, 100_000, 250_000));
        assert_eq!(scale(20_000_000), (10_000, 100_000, 500_000));
        assert_eq!(scale(200_000), (200, 2_000, 5_000));
    }
}
