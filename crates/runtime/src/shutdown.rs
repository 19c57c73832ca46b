//! Shutdown in two steps: first announce it, then stop accepting work.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// The shutdown signal, shared by all parts of a service.
///
/// *Draining* begins with the signal: readiness turns to 503 while work continues, so that load
/// balancers can remove the process. *Requested* follows after `shutdown.delay_ms`: no new work is
/// accepted, and running work may finish within the grace period.
#[derive(Clone, Debug)]
pub struct Shutdown {
    draining: CancellationToken,
    requested: CancellationToken,
    grace: Duration,
}

impl Shutdown {
    /// A signal that was not given yet; after it, running work may take `grace`.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        Self { draining: CancellationToken::new(), requested: CancellationToken::new(), grace }
    }

    /// Resolves once no new work must be accepted; at once if that is already so.
    pub async fn requested(&self) {
        self.requested.cancelled().await;
    }

    /// Whether no new work must be accepted.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.requested.is_cancelled()
    }

    /// Whether the process is being removed from service; work still continues.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// How long running work may take after [`requested`](Self::requested).
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// Runs `work` and drops it when shutdown is requested: `None` in that case, else its result.
    ///
    /// The future is cancelled at its next await, so pass only work that may be abandoned there
    /// (waiting, fetching).
    pub async fn run_until_requested<F: Future>(&self, work: F) -> Option<F::Output> {
        self.requested.run_until_cancelled(work).await
    }

    /// Requests the shutdown now, without the delay. For tests and failing services; signals do it
    /// by themselves.
    pub fn request(&self) {
        self.draining.cancel();
        self.requested.cancel();
    }

    /// A token that is cancelled together with [`requested`](Self::requested), for libraries that
    /// need one.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.requested.child_token()
    }

    pub(crate) async fn request_after(&self, delay: Duration) {
        self.draining.cancel();
        tokio::time::sleep(delay).await;
        self.request();
    }
}
