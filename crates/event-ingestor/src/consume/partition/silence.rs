//! Silent devices, judged by the owner of the partition that last had an event of them, once the
//! partition is read to its end: an unread record may be a sign of life.

use super::{Ended, PartitionTask};
use domain::ids::ChargePointId;
use runtime::causes;
use std::sync::Arc;
use storage::devices::presence::silence::{self, Judged};
use storage::{PooledConnection, StorageError};

/// The most devices that are judged in one transaction. The partition's records wait meanwhile, and
/// thousands of devices may be silent.
const AT_ONCE: usize = 50;

impl PartitionTask {
    /// Judges silent devices, if some wait.
    pub(super) async fn judge_silent_devices(&mut self) -> Option<Ended> {
        let silent_devices = Arc::clone(&self.silent_devices);
        // While another partition judges, this one reads its records and tries again.
        let turn = silent_devices.turn()?;
        let devices = silent_devices.take(self.lease.partition, AT_ONCE);
        if devices.is_empty() {
            return None;
        }
        let judged = self.judge(devices).await;
        drop(turn);
        match judged {
            Ok(Some(judged)) => {
                self.report_judged(&judged);
                None
            }
            Ok(None) => Some(Ended::LeaseLost),
            Err(error) => {
                // A day partition of the history may be missing, as when batches are written.
                self.days.forget();
                tracing::warn!(
                    partition = self.lease.partition,
                    error = causes(&error),
                    "silent devices could not be judged; the next search finds them again"
                );
                None
            }
        }
    }

    async fn judge(&self, devices: Vec<ChargePointId>) -> Result<Option<Judged>, StorageError> {
        self.days.ensure_statuses(runtime::clock::now()).await?;
        let (lease, policy) = (self.lease.clone(), self.silence);
        let judge = async move |mut connection: PooledConnection| {
            silence::judge_devices(&mut connection, &lease, &policy, devices).await
        };
        self.database.run(judge).await
    }

    fn report_judged(&self, judged: &Judged) {
        self.metrics.judged(judged);
        if *judged != Judged::default() {
            tracing::info!(
                partition = self.lease.partition,
                doubtful = judged.doubted.len(),
                offline = judged.gone,
                "silent devices were judged"
            );
        }
    }
}
