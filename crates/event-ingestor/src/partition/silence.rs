//! Devices that are silent: judged by the owner of the partition that last spoke of them, once it is read to its end. What is not
//! read yet may be a sign of life.

use super::{Ended, PartitionTask};
use runtime::causes;
use std::sync::Arc;
use storage::presence::silence::{self, Judged};
use storage::{PooledConnection, StorageError};

/// How many devices are judged in one transaction. The partition's records wait meanwhile, and devices may be silent by the
/// thousand.
const AT_ONCE: usize = 50;

impl PartitionTask {
    /// Judges devices that silence concerns, if some wait.
    pub(super) async fn judge_concerned(&mut self) -> Option<Ended> {
        let concerned = Arc::clone(&self.concerned);
        // If it is another partition's turn, the records are next, and then this again.
        let turn = concerned.turn()?;
        let devices = concerned.take(self.lease.partition, AT_ONCE);
        if devices.is_empty() {
            return None;
        }
        let (lease, policy) = (self.lease.clone(), self.silence);
        let judged = self
            .judge(async move |mut connection: PooledConnection| {
                silence::judge_devices(&mut connection, &lease, &policy, devices).await
            })
            .await;
        drop(turn);
        judged.err()
    }

    /// Runs `work`; returns how many devices went offline.
    async fn judge<F, Fut>(&self, work: F) -> Result<usize, Ended>
    where
        F: FnOnce(PooledConnection) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Option<Judged>, StorageError>> + Send,
    {
        let judged = async {
            self.days.ensure_statuses(runtime::clock::now()).await?;
            self.database.run(work).await
        };
        match judged.await {
            Ok(Some(judged)) => {
                self.metrics.judged(&judged);
                if judged != Judged::default() {
                    tracing::info!(
                        partition = self.lease.partition,
                        doubtful = judged.doubted.len(),
                        offline = judged.gone,
                        "silent devices were judged"
                    );
                }
                Ok(judged.gone)
            }
            Ok(None) => Err(Ended::LeaseLost),
            Err(error) => {
                // A day of the history may be missing, as where batches are written.
                self.days.forget();
                tracing::warn!(
                    partition = self.lease.partition,
                    error = causes(&error),
                    "silent devices could not be judged: they are at the next look"
                );
                Ok(0)
            }
        }
    }
}
