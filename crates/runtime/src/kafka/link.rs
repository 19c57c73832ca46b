//! The connection to one partition's leader.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rskafka::client::{
    Client,
    partition::{PartitionClient, UnknownTopicHandling},
};
use tokio::{runtime::Handle, sync::Mutex};

use super::{
    Cluster,
    connection::within,
    error::{Failure, Reached},
};

/// One partition; opens its connection when it is used, and again when it is not to be trusted any more.
pub(super) struct Link {
    pub(super) cluster: Arc<Cluster>,
    topic: String,
    partition: i32,
    /// Held while a connection is opened, never during a request: those share the connection.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: Option<Open>,
    /// Suspicious failures in a row.
    failures: u32,
}

#[derive(Clone)]
struct Open {
    leader: Arc<PartitionClient>,
    client: Arc<Client>,
    last_used: Instant,
}

impl Link {
    pub(super) fn new(cluster: Arc<Cluster>, topic: &str, partition: i32) -> Self {
        Self { cluster, topic: topic.to_owned(), partition, state: Mutex::default() }
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.cluster.runtime
    }

    /// One request, one attempt. Must run on the main runtime.
    pub(super) async fn request<T, F, Fut>(
        &self,
        limit: Duration,
        request: F,
    ) -> Result<T, (Reached, Failure)>
    where
        F: FnOnce(Arc<PartitionClient>) -> Fut,
        Fut: Future<Output = rskafka::client::error::Result<T>>,
    {
        let open = within(limit, self.open()).await.map_err(|failure| (Reached::Never, failure))?;
        let leader = Arc::clone(&open.leader);
        let answer = within(limit, async { request(leader).await.map_err(Failure::client) }).await;
        self.judge(&open, answer.as_ref().err()).await;
        answer.map_err(|failure| (failure.reached(), failure))
    }

    async fn open(&self) -> Result<Open, Failure> {
        let mut state = self.state.lock().await;
        if let Some(open) = state.open.as_mut().filter(|open| open.last_used.elapsed() < self.cluster.idle) {
            open.last_used = Instant::now();
            return Ok(open.clone());
        }
        self.cluster.listing.check(&self.topic, self.partition).await?;
        let client = self.cluster.connections.current().await?;
        let connect = async {
            client
                .partition_client(self.topic.as_str(), self.partition, UnknownTopicHandling::Error)
                .await
                .map_err(Failure::client)
        };
        match within(self.cluster.connect_timeout, connect).await {
            Ok(leader) => {
                let open = Open { leader: Arc::new(leader), client, last_used: Instant::now() };
                state.open = Some(open.clone());
                Ok(open)
            }
            Err(failure) => {
                self.cluster.connections.discard(&client);
                self.cluster.listing.forget(&self.topic);
                Err(failure)
            }
        }
    }

    /// Drops the connection after a suspicious failure, and after the second in a row the client, too.
    async fn judge(&self, used: &Open, failure: Option<&Failure>) {
        let mut state = self.state.lock().await;
        if !failure.is_some_and(Failure::is_suspicious) {
            state.failures = 0;
            return;
        }
        state.failures += 1;
        if state.open.as_ref().is_some_and(|open| Arc::ptr_eq(&open.leader, &used.leader)) {
            state.open = None;
        }
        self.cluster.listing.forget(&self.topic);
        if state.failures > 1 {
            self.cluster.connections.discard(&used.client);
        }
    }
}
