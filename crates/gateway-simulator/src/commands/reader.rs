//! Reads one partition of the command topic for the pods that listen to it.

use super::take;
use crate::error::SimulatorError;
use crate::simulator::Core;
use runtime::kafka::{FetchError, Kafka, KafkaError, PartitionReader};
use std::sync::Arc;
use std::time::Duration;

/// How long a fetch waits for a command.
const MAX_WAIT: Duration = Duration::from_millis(500);
const MAX_BYTES: usize = 1 << 20;
/// Pauses after failures, from and to.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Attempts at finding out where a partition ends, when the simulator starts.
const ATTEMPTS: u32 = 10;

/// A partition, where to go on in it, and which pods are interested.
pub(crate) struct CommandReader {
    partition: i32,
    reader: PartitionReader,
    offset: i64,
    pods: Vec<usize>,
}

impl CommandReader {
    /// Begins at the end of the partition: what was commanded before is not our business.
    pub(crate) async fn open(
        kafka: &Kafka,
        topic: &str,
        partition: i32,
        pods: Vec<usize>,
    ) -> Result<Self, SimulatorError> {
        let reader = kafka.reader(topic, partition);
        let offset = end_of(&reader).await?;
        Ok(Self { partition, reader, offset, pods })
    }

    /// Hands every command to the pods, until it is dropped.
    pub(crate) async fn run(mut self, core: Arc<Core>) {
        let mut pause = PAUSE.0;
        loop {
            // Boxed, here and below: what is inside is a type too deep for the compiler's patience.
            match Box::pin(self.reader.fetch(self.offset, MAX_WAIT, MAX_BYTES)).await {
                Ok(fetched) => {
                    pause = PAUSE.0;
                    for record in fetched.records {
                        self.offset = record.offset + 1;
                        for pod in &self.pods {
                            take(&core, *pod, self.partition, &record).await;
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(partition = self.partition, %error, "commands cannot be read");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE.1);
                    self.step_over(&error).await;
                }
            }
        }
    }

    /// Goes on behind what cannot be read, and at the end where the log is not what it was.
    async fn step_over(&mut self, error: &FetchError) {
        let next = match error {
            FetchError::Unavailable(_) => None,
            FetchError::Unreadable { offset, .. } => Box::pin(self.reader.next_readable(*offset)).await.ok(),
            FetchError::OffsetOutOfRange(_) => Box::pin(self.reader.latest_offset()).await.ok(),
        };
        self.offset = next.unwrap_or(self.offset);
    }
}

/// A new topic's leaders may not be elected yet.
async fn end_of(reader: &PartitionReader) -> Result<i64, SimulatorError> {
    let mut attempt = 1;
    loop {
        match Box::pin(reader.latest_offset()).await {
            Err(KafkaError::Unavailable(_)) if attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(PAUSE.0 * attempt).await;
            }
            outcome => return Ok(outcome?),
        }
    }
}
