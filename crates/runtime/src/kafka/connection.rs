//! A shared rskafka client that is replaced after failures.

use crate::lock::MutexExt as _;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use rskafka::client::Client;
use tokio::sync::OnceCell;

use super::{Failure, transport::Transport};

type Slot = Arc<OnceCell<Arc<Client>>>;

/// The current client, connected on demand by the first caller.
pub(super) struct Connections {
    transport: Arc<Transport>,
    timeout: Duration,
    slot: Mutex<Slot>,
}

impl Connections {
    pub(super) fn new(transport: Arc<Transport>, timeout: Duration) -> Self {
        Self { transport, timeout, slot: Mutex::default() }
    }

    pub(super) async fn current(&self) -> Result<Arc<Client>, Failure> {
        let slot = Arc::clone(&self.slot.locked());
        let connect = slot.get_or_try_init(|| async { self.transport.connect().await.map(Arc::new) });
        // The wait for another caller's attempt counts, too.
        within(self.timeout, connect).await.cloned()
    }

    /// Makes the next caller reconnect; callers that hold the old client keep it.
    pub(super) fn discard(&self, client: &Arc<Client>) {
        let mut slot = self.slot.locked();
        if slot.get().is_some_and(|current| Arc::ptr_eq(current, client)) {
            *slot = Slot::default();
        }
    }
}

/// Limits the time of an exchange, which rskafka does not.
pub(super) async fn within<T>(
    limit: Duration,
    exchange: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout(limit, exchange).await.unwrap_or(Err(Failure::TimedOut(limit)))
}
