//! `/api/v1/ingest-partitions`: the progress and the owner of each partition of the events.

pub mod routes;

use crate::http::context::Api;
use crate::http::error::ApiError;
use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use storage::ingest::partitions::{self, PartitionProgress};
use uuid::Uuid;

/// Largest number of partitions in a response; far more than a topic of events has.
const MOST: i64 = 4_096;

/// All partitions of the topic.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IngestPartitions")]
struct PartitionsView<'a> {
    /// The Kafka topic of the events, the setting `freshness.ingest_topic`.
    topic: &'a str,
    /// All partitions of the topic, by ascending number. Empty if no ingestor has read the topic
    /// yet.
    items: Vec<PartitionView>,
}

/// The progress of a partition.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IngestPartition")]
struct PartitionView {
    /// The number of the Kafka partition.
    partition: i32,
    /// The first offset that is not applied yet. The difference between two responses is the number
    /// of records that were read between them.
    next_offset: i64,
    /// The replica of event-ingestor that reads the partition; null when none does.
    owner: Option<Uuid>,
    /// The version of the lease; grows by one with each change of owner.
    epoch: i64,
    /// The time of the last write for this partition; null before the first one.
    committed_at: Option<DateTime<Utc>>,
    /// The last time at which the partition was known to be read to its end; updated every few
    /// seconds.
    caught_up_at: DateTime<Utc>,
    /// The time from `caughtUpAt` to `readAt`, in seconds; a few seconds are normal.
    behind_s: f64,
    /// The time of this response by the database's clock.
    read_at: DateTime<Utc>,
}

impl PartitionView {
    fn of(progress: &PartitionProgress) -> Self {
        let behind = (progress.read_at - progress.caught_up_at).as_seconds_f64().max(0.0);
        Self {
            partition: progress.state.partition,
            next_offset: progress.state.next_offset,
            owner: progress.state.owner,
            epoch: progress.state.epoch,
            committed_at: progress.committed_at,
            caught_up_at: progress.caught_up_at,
            behind_s: behind,
            read_at: progress.read_at,
        }
    }
}

/// `GET /api/v1/ingest-partitions`
pub async fn list(api: Data<Api>) -> Result<HttpResponse, ApiError> {
    let topic = api.ingest_topic().to_owned();
    let rows = api
        .run(move |mut connection| async move {
            Ok::<_, ApiError>(partitions::list_progress(&mut connection, &topic, MOST).await?)
        })
        .await?;
    let items = rows.iter().map(PartitionView::of).collect();
    Ok(HttpResponse::Ok().json(PartitionsView { topic: api.ingest_topic(), items }))
}
