//! What this replica knows of gateways: which it heard, and which devices are concerned because theirs is silent.

mod concerned;
mod heard;

pub(crate) use concerned::Concerned;
pub(crate) use heard::HeardGateways;

use crate::metrics::Metrics;
use anyhow::Context as _;
use runtime::Shutdown;
use std::sync::Arc;
use std::time::Duration;
use storage::Database;
use storage::devices::presence::silence::SilencePolicy;
use tokio_util::task::AbortOnDropHandle;

/// What the tasks of partitions share of that.
#[derive(Debug, Clone)]
pub(crate) struct Presence {
    /// When gateways were heard.
    pub gateways: Arc<HeardGateways>,
    /// Devices that a silent gateway concerns.
    pub concerned: Arc<Concerned>,
    /// What follows from silence.
    pub silence: SilencePolicy,
}

impl Presence {
    /// Nothing is known yet.
    pub(crate) fn new(silence: SilencePolicy) -> Self {
        Self { gateways: Arc::default(), concerned: Arc::default(), silence }
    }

    /// Writes when gateways were heard, and looks for devices that silence concerns, until asked to stop; every `check` for those
    /// that are silent by themselves.
    ///
    /// # Errors
    /// When one of the tasks died.
    pub(crate) async fn keep(
        self,
        database: Database,
        metrics: Arc<Metrics>,
        check: Duration,
        shutdown: Shutdown,
    ) -> anyhow::Result<()> {
        let heard = self.gateways.keep_writing(database.clone(), shutdown.clone());
        let heard = AbortOnDropHandle::new(tokio::spawn(heard));
        let concerned = self.concerned.keep_looking(database, metrics, self.silence, check, shutdown);
        let concerned = AbortOnDropHandle::new(tokio::spawn(concerned));
        heard.await.context("the task that writes when gateways were heard died")?;
        concerned.await.context("the task that looks for devices of suspected gateways died")
    }
}
