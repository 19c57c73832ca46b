//! Devices that nobody said goodbye for: looked for by the owner of the partition that last spoke of them.

use super::{Ended, PartitionTask};
use runtime::causes;
use std::time::Instant;
use storage::PooledConnection;

/// How many devices are taken offline in one transaction.
const AT_ONCE: i64 = 1_000;

impl PartitionTask {
    /// Takes silent devices offline, if it is time to look. Only for a partition that is read to its end: what is not read
    /// yet may be a sign of life.
    pub(super) async fn watch_silence(&mut self) -> Option<Ended> {
        if self.silence_check_at > Instant::now() {
            return None;
        }
        self.silence_check_at = Instant::now() + self.settings.silence_check();
        let (lease, timeout) = (self.lease.clone(), self.settings.heartbeat_timeout());
        let looked = async move |mut connection: PooledConnection| {
            storage::batch::take_silent_offline(&mut connection, &lease, timeout, AT_ONCE).await
        };
        let gone = async {
            self.days.ensure_statuses(runtime::clock::now()).await?;
            self.database.run(looked).await
        };
        match gone.await {
            Ok(Some(0)) => None,
            Ok(Some(gone)) => {
                tracing::info!(
                    partition = self.lease.partition,
                    devices = gone,
                    "silent devices are offline"
                );
                self.metrics.fell_silent(gone);
                None
            }
            Ok(None) => Some(Ended::LeaseLost),
            Err(error) => {
                // Perhaps it was for want of a day, see where batches are written.
                self.days.forget();
                tracing::warn!(
                    partition = self.lease.partition,
                    error = causes(&error),
                    "silent devices could not be looked for"
                );
                None
            }
        }
    }
}
