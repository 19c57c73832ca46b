//! The partitions of a topic.

use crate::lock::MutexExt as _;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rskafka::client::Client;

use super::{
    Failure, KafkaError,
    connection::{Connections, within},
};

/// The longest time in which a topic is created and listed.
const CREATION_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause between checks of a topic that is being created.
const CREATION_POLL: Duration = Duration::from_millis(50);

/// The brokers' list of topics, read through a dedicated client.
pub(super) struct Listing {
    connections: Connections,
    timeout: Duration,
    known: Mutex<HashMap<String, Vec<i32>>>,
}

impl Listing {
    pub(super) fn new(connections: Connections, timeout: Duration) -> Self {
        Self { connections, timeout, known: Mutex::default() }
    }

    /// Queries the brokers.
    pub(super) async fn refresh(&self, topic: &str) -> Result<Vec<i32>, KafkaError> {
        let partitions = match self.list(topic).await {
            Ok(partitions) => partitions,
            // The connection may have been closed when idle or by a broker's restart; the second
            // attempt uses a new one.
            Err(_stale) => self.list(topic).await?,
        };
        let mut known = self.known.locked();
        match partitions {
            Some(partitions) => {
                known.insert(topic.to_owned(), partitions.clone());
                Ok(partitions)
            }
            None => {
                known.remove(topic);
                Err(KafkaError::TopicUnknown(topic.to_owned()))
            }
        }
    }

    /// Ensures that a partition exists before rskafka requests its leader: that request would make
    /// brokers create a missing topic, with their default number of partitions.
    pub(super) async fn check(&self, topic: &str, partition: i32) -> Result<(), KafkaError> {
        let known = self.known.locked().get(topic).is_some_and(|partitions| partitions.contains(&partition));
        if known || self.refresh(topic).await?.contains(&partition) {
            Ok(())
        } else {
            Err(KafkaError::PartitionUnknown { topic: topic.to_owned(), partition })
        }
    }

    /// Makes the next check query the brokers.
    pub(super) fn forget(&self, topic: &str) {
        self.known.locked().remove(topic);
    }

    pub(super) async fn create(&self, topic: &str, partitions: i32) -> Result<(), KafkaError> {
        let end = Instant::now() + CREATION_TIMEOUT;
        let client = self.connections.current().await?;
        let controller = client.controller_client().map_err(Failure::client)?;
        let timeout_ms = i32::try_from(CREATION_TIMEOUT.as_millis()).unwrap_or(i32::MAX);
        let creation = async {
            controller.create_topic(topic, partitions, 1, timeout_ms).await.map_err(Failure::client)
        };
        within(CREATION_TIMEOUT, creation).await?;
        loop {
            match self.refresh(topic).await {
                Ok(listed) if i32::try_from(listed.len()) == Ok(partitions) => return Ok(()),
                Err(error) if Instant::now() > end => return Err(error),
                Ok(_) if Instant::now() > end => return Err(Failure::TimedOut(CREATION_TIMEOUT).into()),
                _ => tokio::time::sleep(CREATION_POLL).await,
            }
        }
    }

    pub(super) async fn delete(&self, topic: &str, timeout: Duration) -> Result<(), KafkaError> {
        match self.refresh(topic).await {
            Err(KafkaError::TopicUnknown(_)) => return Ok(()),
            listed => listed?,
        };
        let client = self.connections.current().await?;
        let controller = client.controller_client().map_err(Failure::client)?;
        let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        let deletion = async { controller.delete_topic(topic, timeout_ms).await.map_err(Failure::client) };
        self.forget(topic);
        Ok(within(timeout, deletion).await?)
    }

    async fn list(&self, topic: &str) -> Result<Option<Vec<i32>>, Failure> {
        let client = self.connections.current().await?;
        let listed = within(self.timeout, partitions_of(&client, topic)).await;
        if listed.is_err() {
            self.connections.discard(&client);
        }
        listed
    }
}

async fn partitions_of(client: &Arc<Client>, topic: &str) -> Result<Option<Vec<i32>>, Failure> {
    let topics = client.list_topics().await.map_err(Failure::client)?;
    Ok(topics
        .into_iter()
        .find(|listed| listed.name == topic)
        // A topic that is being deleted is listed without partitions.
        .filter(|listed| !listed.partitions.is_empty())
        .map(|listed| listed.partitions.into_iter().collect()))
}
