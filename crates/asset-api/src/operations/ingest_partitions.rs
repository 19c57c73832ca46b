//! `/api/v1/ingest-partitions`: how far the events of devices are read, and by whom.

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

/// Far more partitions than a topic of events has.
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

/// A partition as a response shows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IngestPartition")]
struct PartitionView {
    /// The number of the Kafka partition.
    partition: i32,
    /// The first offset whose effects do not stand yet; the difference of two answers tells how much was read between them.
    next_offset: i64,
    /// The replica that reads it; null when nobody does.
    owner: Option<Uuid>,
    /// One more at each change of owner.
    epoch: i64,
    /// When something of it was last written.
    committed_at: Option<DateTime<Utc>>,
    /// Up to when all of it is known to be written; noted every few seconds.
    caught_up_at: DateTime<Utc>,
    /// How long ago that is, in seconds: some seconds are as good as none.
    behind_s: f64,
    /// When this was read, by the database's clock.
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
