//! A Kafka broker that belongs to one test, which may stop, kill and freeze it.

use crate::stack::{Stack, Stop};
use rustix::process::Signal;
use std::path::PathBuf;

/// The broker; it is killed and its folder removed when it is dropped.
#[derive(Debug)]
pub struct OwnBroker(Stack);

impl OwnBroker {
    /// Starts the broker on these ports, in a folder that does not exist yet. `DATABASE_URL` and
    /// `REDIS_URL` must be set, as they are for tests; otherwise PostgreSQL and Redis would be
    /// started, too.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(folder: PathBuf, port: u16, controller_port: u16) -> anyhow::Result<Self> {
        let broker = Self(Stack::of_broker(folder, port, controller_port));
        broker.0.up().await?;
        Ok(broker)
    }

    /// The broker's address.
    #[must_use]
    pub fn address(&self) -> String {
        self.0.brokers()
    }

    /// The folder of its programs, settings and data.
    pub(crate) fn home(&self) -> PathBuf {
        self.0.folder().join("kafka")
    }

    /// Stops the broker and starts it again with its data.
    ///
    /// # Errors
    /// When it does not stop or start.
    pub async fn restart(&self, stop: Stop) -> anyhow::Result<()> {
        self.0.restart_broker(stop).await
    }

    /// Stops the process with SIGSTOP: its connections stay open, and it sends no responses.
    ///
    /// # Errors
    /// When it does not run.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.0.signal_broker(Signal::STOP)
    }

    /// Resumes the process with SIGCONT.
    ///
    /// # Errors
    /// When it does not run.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.0.signal_broker(Signal::CONT)
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        // It may never have started; its folder is disposable.
        drop(self.0.kill_broker());
        drop(std::fs::remove_dir_all(self.0.folder()));
    }
}
