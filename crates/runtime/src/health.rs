//! Whether the process may be given work: the checks behind `/readyz`.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use serde::Serialize;
use tokio::runtime::Handle;

use crate::Shutdown;

/// Longest wait for one check.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// Age up to which an answer is given again, so that eager probes do not load the dependencies.
const CACHE_AGE: Duration = Duration::from_millis(500);

type CheckFn = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The dependencies that readiness hangs on; cheap to clone.
#[derive(Clone)]
pub struct Health {
    checks: Arc<Mutex<BTreeMap<&'static str, CheckFn>>>,
    cache: Arc<tokio::sync::Mutex<Option<(Instant, Report)>>>,
    shutdown: Shutdown,
    runtime: Handle,
}

/// What `/readyz` answers.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether the process may be given work.
    pub ready: bool,
    /// Whether it is about to stop.
    pub draining: bool,
    /// By dependency: `ok`, or what is wrong.
    pub checks: BTreeMap<&'static str, String>,
}

impl Health {
    pub(crate) fn new(shutdown: Shutdown) -> Self {
        Self { checks: Arc::default(), cache: Arc::default(), shutdown, runtime: Handle::current() }
    }

    /// Makes readiness depend on `check`, which runs when somebody asks, at most twice a second, and has one second.
    ///
    /// It runs on the runtime the context was made on. An error's text is shown to whoever can reach the admin port:
    /// say what is wrong, without credentials. A second check of the same name replaces the first.
    pub fn add<F, Fut>(&self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        checks.insert(name, Arc::new(move || check().boxed()));
    }

    /// The present state, from the checks or a recent answer.
    pub async fn report(&self) -> Report {
        let draining = self.shutdown.is_draining();
        // Held while the checks run, on purpose: probes that arrive meanwhile share the answer.
        let mut cache = self.cache.lock().await;
        let report = match cache.as_ref() {
            Some((at, report)) if at.elapsed() < CACHE_AGE => report.clone(),
            _ => {
                let report = self.run_checks().await;
                *cache = Some((Instant::now(), report.clone()));
                report
            }
        };
        Report { ready: report.ready && !draining, draining, ..report }
    }

    async fn run_checks(&self) -> Report {
        let checks: Vec<_> = {
            let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
            checks.iter().map(|(name, check)| (*name, Arc::clone(check))).collect()
        };
        let results = join_all(checks.into_iter().map(|(name, check)| self.run_check(name, check))).await;
        let ready = results.iter().all(|(_, result)| result.is_ok());
        let checks = results
            .into_iter()
            .map(|(name, result)| (name, result.err().unwrap_or_else(|| "ok".to_owned())))
            .collect();
        Report { ready, draining: false, checks }
    }

    /// Spawned, because the caller may live on the runtime of an HTTP worker, where a connection must not be opened.
    async fn run_check(&self, name: &'static str, check: CheckFn) -> (&'static str, Result<(), String>) {
        let task = self.runtime.spawn(async move {
            tokio::time::timeout(CHECK_TIMEOUT, check())
                .await
                .unwrap_or_else(|_elapsed| Err("no answer within 1 s".to_owned()))
        });
        let result = task.await.unwrap_or_else(|_panicked| Err("the check itself failed".to_owned()));
        if let Err(reason) = &result {
            tracing::warn!(dependency = name, reason, "not ready");
        }
        (name, result)
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").finish_non_exhaustive()
    }
}
