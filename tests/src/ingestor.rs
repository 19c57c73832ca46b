//! An ingestor that runs in the process of the test.

use runtime::Context;
use tokio::task::JoinHandle;

/// An ingestor that runs in this process.
pub struct Ingestor {
    pub(crate) context: Context,
    pub(crate) task: JoinHandle<anyhow::Result<()>>,
}

impl Ingestor {
    /// Stops it as SIGTERM does.
    ///
    /// # Panics
    /// When it does not end cleanly.
    pub async fn stop(self) {
        self.context.shutdown.request();
        self.task.await.unwrap().unwrap();
    }

    /// Ends it like a crash.
    pub async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.is_err());
    }
}
