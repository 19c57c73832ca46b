//! The owner and the progress of each partition, for replicas and people.

use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Float8, Int4, Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::time::Duration;
use uuid::Uuid;

/// The state of a partition, for reports.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct PartitionState {
    /// Kafka partition.
    #[diesel(sql_type = Int4)]
    pub partition: i32,
    /// The first offset whose effects are not yet in the database.
    #[diesel(sql_type = Int8)]
    pub next_offset: i64,
    /// The replica with a valid lease; `None` if there is none.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub owner: Option<Uuid>,
    /// The epoch, which grows by one with each change of owner.
    #[diesel(sql_type = Int8)]
    pub epoch: i64,
}

/// The states of all partitions of `topic`, in order.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list(connection: &mut Connection, topic: &str) -> Result<Vec<PartitionState>, StorageError> {
    let states = diesel::sql_query(
        "select partition, next_offset, epoch,
                case when lease_until >= clock_timestamp() then owner end as owner
         from ingest_partitions where topic = $1 order by partition",
    )
    .bind::<Text, _>(topic)
    .load(connection)
    .await?;
    Ok(states)
}

/// The progress of a partition, for people.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct PartitionProgress {
    /// The offset and the owner.
    #[diesel(embed)]
    pub state: PartitionState,
    /// When the last batch was written; `None` if none was.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub committed_at: Option<DateTime<Utc>>,
    /// The latest known time at which everything was written.
    #[diesel(sql_type = Timestamptz)]
    pub caught_up_at: DateTime<Utc>,
    /// PostgreSQL's current time.
    #[diesel(sql_type = Timestamptz)]
    pub read_at: DateTime<Utc>,
}

/// The progress of the first `limit` partitions of `topic`, in order.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_progress(
    connection: &mut Connection,
    topic: &str,
    limit: i64,
) -> Result<Vec<PartitionProgress>, StorageError> {
    let rows = diesel::sql_query(
        "select partition, next_offset, epoch, committed_at, caught_up_at, clock_timestamp() as read_at,
                case when lease_until >= clock_timestamp() then owner end as owner
         from ingest_partitions where topic = $1 order by partition limit $2",
    )
    .bind::<Text, _>(topic)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows)
}

/// For each partition of `topic`, how long ago everything was known to be written.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_caught_up(
    connection: &mut Connection,
    topic: &str,
) -> Result<Vec<(i32, Duration)>, StorageError> {
    let rows: Vec<CaughtUp> = diesel::sql_query(
        "select partition, extract(epoch from clock_timestamp() - caught_up_at)::float8 as age
         from ingest_partitions where topic = $1",
    )
    .bind::<Text, _>(topic)
    .load(connection)
    .await?;
    let ago = |age: f64| Duration::try_from_secs_f64(age.max(0.0)).unwrap_or(Duration::MAX);
    Ok(rows.into_iter().map(|row| (row.partition, ago(row.age))).collect())
}

#[derive(QueryableByName)]
struct CaughtUp {
    #[diesel(sql_type = Int4)]
    partition: i32,
    #[diesel(sql_type = Float8)]
    age: f64,
}
