//! A Kafka of a test's own, which it may stop, kill and freeze.

use crate::stack::{Stack, Stop};
use rustix::process::Signal;
use std::path::PathBuf;

/// The broker; killed when dropped, with its folder.
#[derive(Debug)]
pub struct OwnBroker(Stack);

impl OwnBroker {
    /// Starts it on these ports, in a folder that is not there yet. `DATABASE_URL` and `REDIS_URL` must be set, as they are
    /// for tests: what they name is used, or else such servers would be started, too.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(folder: PathBuf, port: u16, controller_port: u16) -> anyhow::Result<Self> {
        let broker = Self(Stack::of_broker(folder, port, controller_port));
        broker.0.up().await?;
        Ok(broker)
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> String {
        self.0.brokers()
    }

    /// Where it keeps its programs, its settings and its data.
    pub(crate) fn home(&self) -> PathBuf {
        self.0.folder().join("kafka")
    }

    /// Ends it and starts it again, with what it had.
    ///
    /// # Errors
    /// When it does not end, or not start.
    pub async fn restart(&self, stop: Stop) -> anyhow::Result<()> {
        self.0.restart_broker(stop).await
    }

    /// Has it stand still: its connections stay open, and nothing is answered.
    ///
    /// # Errors
    /// When it does not run.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.0.signal_broker(Signal::STOP)
    }

    /// Has it go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.0.signal_broker(Signal::CONT)
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        // It may never have started; and its folder is only litter.
        drop(self.0.kill_broker());
        drop(std::fs::remove_dir_all(self.0.folder()));
    }
}
