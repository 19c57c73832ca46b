//! Sends waiting stops whose transaction id is known, and ends those whose wait is over.

use super::metrics::StopMetrics;
use crate::dispatch::dispatcher::Dispatcher;
use crate::error::DispatchError;
use futures_util::stream::{self, StreamExt as _};
use runtime::{Shutdown, causes, clock};
use std::sync::Arc;
use storage::commands::waiting::{self, DueStop};
use storage::{Database, PooledConnection, StorageError};

/// The most stops that are read at once; the others follow at the next interval.
const CHUNK: i64 = 200;
/// The most stops that are sent at the same time.
const AT_ONCE: usize = 8;

/// The waiting stops.
pub(super) struct WaitingStops {
    database: Database,
    dispatcher: Arc<Dispatcher>,
    metrics: StopMetrics,
}

impl WaitingStops {
    pub(super) const fn new(database: Database, dispatcher: Arc<Dispatcher>, metrics: StopMetrics) -> Self {
        Self { database, dispatcher, metrics }
    }

    /// Sends or ends the stops that are due now.
    ///
    /// # Errors
    /// When PostgreSQL fails to list them.
    pub(super) async fn send_due(&self, shutdown: &Shutdown) -> Result<(), StorageError> {
        let due = self
            .database
            .run(async move |mut connection: PooledConnection| {
                waiting::list_due(&mut connection, CHUNK).await
            })
            .await?;
        stream::iter(due)
            .take_until(shutdown.requested())
            .for_each_concurrent(AT_ONCE, |stop| self.settle(stop))
            .await;
        let count = self
            .database
            .run(async move |mut connection: PooledConnection| waiting::count(&mut connection).await)
            .await?;
        self.metrics.waiting(u64::try_from(count).unwrap_or_default());
        Ok(())
    }

    async fn settle(&self, stop: DueStop) {
        let settled = match stop.transaction_id.clone() {
            Some(transaction_id) => self.dispatcher.release(&stop, transaction_id).await.map(|sent| {
                if sent {
                    self.metrics.released();
                    tracing::info!(
                        command_id = %stop.id,
                        session_id = %stop.session_id,
                        charge_point_id = %stop.charge_point_id,
                        "the transaction id is known: the waiting stop is sent"
                    );
                }
            }),
            None => self.end(&stop).await.map_err(DispatchError::from),
        };
        if let Err(refused @ (DispatchError::Refused(_) | DispatchError::NoGateway(_))) = &settled {
            tracing::debug!(command_id = %stop.id, code = refused.code(), "a waiting stop cannot be sent now");
        } else if let Err(error) = settled {
            tracing::warn!(
                command_id = %stop.id,
                session_id = %stop.session_id,
                charge_point_id = %stop.charge_point_id,
                code = error.code(),
                error = causes(&error),
                "a waiting stop could not be sent; if it still waits, it is tried again until it expires"
            );
        }
    }

    async fn end(&self, stop: &DueStop) -> Result<(), StorageError> {
        let due = stop.clone();
        let ended = self
            .database
            .run(async move |mut connection: PooledConnection| {
                waiting::end(&mut connection, &due, clock::now()).await
            })
            .await?;
        if let Some((record, cause)) = ended {
            self.metrics.wait_ended(cause);
            tracing::warn!(
                command_id = %record.id,
                session_id = %stop.session_id,
                charge_point_id = %record.charge_point_id,
                cause = cause.code().as_str(),
                "a waiting stop is not sent: {cause}"
            );
        }
        Ok(())
    }
}
