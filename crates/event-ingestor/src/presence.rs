//! What this replica knows of gateways: when each was heard, and which devices are silent
//! themselves or through their gateway.

mod heard;
mod silent_devices;

pub(crate) use heard::HeardGateways;
pub(crate) use silent_devices::SilentDevices;

use crate::metrics::Metrics;
use anyhow::Context as _;
use runtime::Shutdown;
use std::sync::Arc;
use std::time::Duration;
use storage::Database;
use storage::devices::presence::silence::SilencePolicy;
use tokio_util::task::AbortOnDropHandle;

/// The shared state of the partition tasks.
#[derive(Debug, Clone)]
pub(crate) struct Presence {
    /// Records when gateways were heard.
    pub gateways: Arc<HeardGateways>,
    /// Devices that are silent, or whose gateway is.
    pub silent_devices: Arc<SilentDevices>,
    /// The rules for silent devices.
    pub silence: SilencePolicy,
}

impl Presence {
    pub(crate) fn new(silence: SilencePolicy) -> Self {
        Self { gateways: Arc::default(), silent_devices: Arc::default(), silence }
    }

    /// Writes when gateways were heard, and finds devices whose gateway is silent, until asked to
    /// stop; every `check` also finds devices that are silent themselves.
    ///
    /// # Errors
    /// When one of the tasks died.
    pub(crate) async fn run(
        self,
        database: Database,
        metrics: Arc<Metrics>,
        check: Duration,
        shutdown: Shutdown,
    ) -> anyhow::Result<()> {
        let heard = self.gateways.keep_writing(database.clone(), shutdown.clone());
        let heard = AbortOnDropHandle::new(tokio::spawn(heard));
        let silent_devices =
            self.silent_devices.keep_looking(database, metrics, self.silence, check, shutdown);
        let silent_devices = AbortOnDropHandle::new(tokio::spawn(silent_devices));
        heard.await.context("the task that writes when gateways were heard died")?;
        silent_devices.await.context("the task that looks for devices of suspected gateways died")
    }
}
