//! Reads one partition of the command topic for the pods that claim it.

use super::{FetchFrom, handle_record};
use crate::error::SimulatorError;
use crate::simulator::Core;
use runtime::Backoff;
use runtime::kafka::{FetchError, Kafka, KafkaError, PartitionReader};
use std::sync::Arc;
use std::time::Duration;

/// How long a fetch waits for a command.
const MAX_WAIT: Duration = Duration::from_millis(500);
const MAX_BYTES: usize = 1 << 20;
/// The shortest and the longest pause after failures.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Attempts to find the first offset of a partition when the simulator starts.
const ATTEMPTS: u32 = 10;

/// A partition that pods claim.
pub(crate) struct CommandReader {
    partition: i32,
    reader: PartitionReader,
}

impl CommandReader {
    /// Resolves the first offset: in the contract's manner, the end of the partition, because
    /// earlier commands are not for these pods; for the deployed gateway, its beginning.
    pub(crate) async fn open(
        kafka: &Kafka,
        topic: &str,
        partition: i32,
        core: &Core,
    ) -> Result<Self, SimulatorError> {
        let reader = Self { partition, reader: kafka.reader(topic, partition) };
        let mut attempt = 1;
        loop {
            match reader.resolve_first_offset(core).await {
                Err(KafkaError::Unavailable(_)) if attempt < ATTEMPTS => {
                    // The leaders of a new topic may not be elected yet.
                    attempt += 1;
                    tokio::time::sleep(PAUSE.0 * attempt).await;
                }
                outcome => {
                    outcome?;
                    return Ok(reader);
                }
            }
        }
    }

    /// Passes every command to the pods, until it is dropped.
    pub(crate) async fn run(self, core: Arc<Core>) {
        let mut backoff = Backoff::new(PAUSE.0, PAUSE.1);
        loop {
            let from = {
                let mut claims = core.claims();
                claims.expire_sessions(runtime::clock::now());
                claims.fetch_from(self.partition)
            };
            let outcome = match from {
                FetchFrom::NoReader => {
                    tokio::time::sleep(PAUSE.0).await;
                    continue;
                }
                FetchFrom::First => self.resolve_first_offset(&core).await.map_err(|error| error.to_string()),
                FetchFrom::Offset(offset) => match self.read(&core, offset).await {
                    Ok(()) => Ok(()),
                    Err(error) => {
                        self.skip_missing(&core, offset, &error).await;
                        Err(error.to_string())
                    }
                },
            };
            match outcome {
                Ok(()) => backoff.reset(),
                Err(error) => {
                    tracing::warn!(partition = self.partition, error, "commands cannot be read; retrying");
                    tokio::time::sleep(backoff.pause()).await;
                }
            }
        }
    }

    async fn read(&self, core: &Core, from: i64) -> Result<(), FetchError> {
        // Boxed, here and below, because the type inside is too deep for the compiler.
        let fetched = Box::pin(self.reader.fetch(from, MAX_WAIT, MAX_BYTES)).await?;
        if fetched.records.is_empty() {
            // There may be something to skip, such as the marker of a transaction.
            core.claims().skip(self.partition, from, fetched.next_offset);
        }
        for record in fetched.records {
            let pods = core.claims().deliver(self.partition, from, record.offset);
            for pod in pods {
                handle_record(core, pod, self.partition, &record).await;
            }
        }
        Ok(())
    }

    async fn resolve_first_offset(&self, core: &Core) -> Result<(), KafkaError> {
        let first = if core.claims().starts_at_oldest() {
            Box::pin(self.reader.earliest_offset()).await?
        } else {
            Box::pin(self.reader.latest_offset()).await?
        };
        core.claims().resolve_first(self.partition, first);
        Ok(())
    }

    /// Continues at an end of the log if the offset is out of range.
    async fn skip_missing(&self, core: &Core, from: i64, error: &FetchError) {
        let next = match error {
            FetchError::Unavailable(_) => None,
            FetchError::OffsetOutOfRange(_) if core.claims().starts_at_oldest() => {
                Box::pin(self.reader.earliest_offset()).await.ok()
            }
            FetchError::OffsetOutOfRange(_) => Box::pin(self.reader.latest_offset()).await.ok(),
        };
        if let Some(next) = next {
            core.claims().skip(self.partition, from, next);
        }
    }
}
