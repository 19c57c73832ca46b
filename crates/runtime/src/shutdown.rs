//! Stopping in two steps: first tell the world to look elsewhere, then stop taking work.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// The signal to stop, shared by everything in a service.
///
/// *Draining* begins with the signal: readiness turns to 503 while work goes on, so that load balancers can take the
/// process out. *Requested* follows after the delay set by `shutdown.delay_ms`: no new work is taken, what is under
/// way may finish within the grace period.
#[derive(Clone, Debug)]
pub struct Shutdown {
    draining: CancellationToken,
    requested: CancellationToken,
    grace: Duration,
}

impl Shutdown {
    /// A signal that was not given yet; what is under way when it is may take `grace`.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        Self { draining: CancellationToken::new(), requested: CancellationToken::new(), grace }
    }

    /// Resolves once no new work must be taken; at once if that is already so.
    pub async fn requested(&self) {
        self.requested.cancelled().await;
    }

    /// Whether no new work must be taken.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.requested.is_cancelled()
    }

    /// Whether the process has asked to be taken out of service; work still goes on.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// How long work under way may take after [`requested`](Self::requested).
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// Runs `work`, dropping it when shutdown is requested: `None` then, else what it returned.
    ///
    /// The future is cancelled at its next await, so hand in only what may be abandoned there (waiting, fetching).
    pub async fn run_until_requested<F: Future>(&self, work: F) -> Option<F::Output> {
        self.requested.run_until_cancelled(work).await
    }

    /// Asks everything to stop now, without the delay. Tests and failing services use it; signals do it by themselves.
    pub fn request(&self) {
        self.draining.cancel();
        self.requested.cancel();
    }

    /// A token cancelled together with [`requested`](Self::requested), for libraries that want one.
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
