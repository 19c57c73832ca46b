//! When each gateway was last heard: collected in memory and written once a second, so that no
//! batch writes it.

use domain::ids::GatewayId;
use runtime::every;
use runtime::lock::MutexExt as _;
use runtime::{Shutdown, causes};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use storage::devices::presence::gateways;
use storage::{Database, PooledConnection, StorageError};

/// How often the collected times are written.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often gateways that have disappeared are deleted.
const FORGET_INTERVAL: Duration = Duration::from_secs(600);
/// The most gateways that are collected between two writes; the table holds no more.
const MAX_GATHERED: usize = 10_000;

/// The gateways that were heard since the last write, each with its latest time.
#[derive(Debug, Default)]
pub(crate) struct HeardGateways(Mutex<HashMap<GatewayId, Instant>>);

impl HeardGateways {
    /// Records that an event of `gateway` was written.
    pub(crate) fn record(&self, gateway: &GatewayId) {
        let mut gathered = self.locked();
        if let Some(at) = gathered.get_mut(gateway) {
            *at = Instant::now();
        } else if gathered.len() < MAX_GATHERED {
            gathered.insert(gateway.clone(), Instant::now());
        }
    }

    /// Writes the collected times once a second until asked to stop, and then once more.
    pub(crate) async fn keep_writing(self: Arc<Self>, database: Database, shutdown: Shutdown) {
        let mut ticks = every(INTERVAL);
        let mut forget_at = Instant::now() + FORGET_INTERVAL;
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            self.write(&database).await;
            if Instant::now() >= forget_at {
                forget_at = Instant::now() + FORGET_INTERVAL;
                forget(&database).await;
            }
        }
        self.write(&database).await;
    }

    async fn write(&self, database: &Database) {
        let gathered = std::mem::take(&mut *self.locked());
        if gathered.is_empty() {
            return;
        }
        let heard: Vec<_> = gathered.iter().map(|(id, at)| (id.clone(), at.elapsed())).collect();
        let write = async move |mut connection: PooledConnection| {
            gateways::record_heard(&mut connection, &heard).await
        };
        if let Err(error) = database.run::<_, StorageError, _, _>(write).await {
            tracing::warn!(
                error = causes(&error),
                "the times at which gateways were heard could not be written; retrying in 1 s"
            );
            let mut held = self.locked();
            for (gateway, at) in gathered {
                held.entry(gateway).or_insert(at);
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<GatewayId, Instant>> {
        self.0.locked()
    }
}

async fn forget(database: &Database) {
    let forget = async |mut connection: PooledConnection| gateways::forget_old(&mut connection).await;
    if let Err(error) = database.run::<_, StorageError, _, _>(forget).await {
        tracing::warn!(
            error = causes(&error),
            "gateways that have disappeared could not be deleted; retrying in 10 min"
        );
    }
}
