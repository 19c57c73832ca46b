//! Snapshots that are held for long. PostgreSQL removes no row version that the oldest snapshot may
//! still see: small, often updated tables grow, and queries on them become slower.

use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int8};
use diesel_async::RunQueryDsl;
use std::time::Duration;

/// The oldest snapshot that is held in this database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OldestSnapshot {
    /// The longest time that a session has held a snapshot in an open transaction. PostgreSQL
    /// reports sessions of other roles only to members of `pg_read_all_stats`.
    pub held_for: Duration,
    /// The number of transactions that have begun since the oldest snapshot; sessions, standbys,
    /// replication slots and prepared transactions all hold snapshots.
    pub transactions: i64,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Float8)]
    seconds: f64,
    #[diesel(sql_type = Int8)]
    transactions: i64,
}

/// Finds the oldest snapshot; zero if none is held.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn oldest(connection: &mut Connection) -> Result<OldestSnapshot, StorageError> {
    let Found { seconds, transactions } = diesel::sql_query(
        "select
           coalesce(max(extract(epoch from clock_timestamp() - session.xact_start)), 0)::float8 as seconds,
           greatest(0, max(age(session.backend_xmin)),
             (select max(age(xmin)) from pg_replication_slots),
             (select max(age(transaction)) from pg_prepared_xacts where database = current_database()))::bigint as transactions
         from pg_stat_activity as session
         where session.backend_xmin is not null and session.pid <> pg_backend_pid()
           and coalesce(session.datname = current_database(), true)",
    )
    .get_result(connection)
    .await?;
    Ok(OldestSnapshot { held_for: Duration::try_from_secs_f64(seconds).unwrap_or_default(), transactions })
}
