//! Devices that may soon be silent themselves: the rows of all devices are read seldom, and those of
//! quiet devices often.
//!
//! A device that was heard within the last three quarters of the timeout cannot be silent before the
//! last quarter has passed, whatever else happens. Until then only the others must be read again, and
//! of a healthy fleet these are few.

use super::AT_ONCE;
use domain::ids::ChargePointId;
use std::time::{Duration, Instant};
use storage::devices::presence::silence::{self, SilencePolicy};
use storage::{Database, PooledConnection, StorageError};

/// With more quiet devices than this, all rows are read each time.
const MOST: usize = 5_000;

/// The devices that were quiet when the rows of all devices were last read.
#[derive(Debug, Default)]
pub(super) struct QuietDevices(Option<Quiet>);

#[derive(Debug)]
struct Quiet {
    devices: Vec<ChargePointId>,
    /// No other device can be silent before.
    complete_until: Instant,
}

impl QuietDevices {
    /// Finds up to [`AT_ONCE`] silent devices of `partitions`, which are some of `owned`; each with
    /// its partition.
    ///
    /// # Errors
    /// If PostgreSQL fails.
    pub(super) async fn find_silent(
        &mut self,
        database: &Database,
        owned: &[i32],
        partitions: Vec<i32>,
        policy: SilencePolicy,
    ) -> Result<Vec<(i32, ChargePointId)>, StorageError> {
        if self.0.as_ref().is_none_or(|quiet| quiet.complete_until <= Instant::now()) {
            self.0 = load(database, owned.to_vec(), policy.timeout).await?;
        }
        let among = self.0.as_ref().map(|quiet| quiet.devices.clone());
        if among.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let silent = async move |mut connection: PooledConnection| {
            silence::list_silent(&mut connection, &partitions, &policy, among.as_deref(), AT_ONCE).await
        };
        database.run(silent).await
    }
}

/// Reads the quiet devices of `partitions`; `None` if there are too many.
async fn load(
    database: &Database,
    partitions: Vec<i32>,
    timeout: Duration,
) -> Result<Option<Quiet>, StorageError> {
    let ahead = timeout / 4;
    let complete_until = Instant::now() + ahead;
    let limit = i64::try_from(MOST).unwrap_or(i64::MAX);
    let list = async move |mut connection: PooledConnection| {
        silence::list_quiet(&mut connection, &partitions, timeout.saturating_sub(ahead), limit).await
    };
    let devices: Vec<_> = database.run(list).await?;
    Ok((devices.len() < MOST).then_some(Quiet { devices, complete_until }))
}
