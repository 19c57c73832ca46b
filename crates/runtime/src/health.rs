//! Readiness: the checks behind `/readyz`.

use crate::lock::MutexExt as _;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use serde::Serialize;
use tokio::runtime::Handle;

use crate::Shutdown;

/// Timeout of one check.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a report is reused, so that frequent probes do not load the dependencies.
const CACHE_AGE: Duration = Duration::from_millis(500);

type CheckFn = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// A check and the effect of its failure on readiness.
#[derive(Clone)]
struct Check {
    run: CheckFn,
    weight: Weight,
}

/// When a failed check makes the process unready.
#[derive(Clone)]
enum Weight {
    Always,
    /// Until the check has passed once.
    UntilPassed(Arc<AtomicBool>),
    /// Never: the failure is only reported.
    Never,
}

impl Check {
    /// Whether a failed `result` makes the process unready.
    fn counts(&self, result: &Result<(), String>) -> bool {
        match &self.weight {
            Weight::Always => true,
            Weight::UntilPassed(passed) => !passed.fetch_or(result.is_ok(), Ordering::Relaxed),
            Weight::Never => false,
        }
    }
}

/// The dependencies that readiness depends on; cheap to clone.
#[derive(Clone)]
pub struct Health {
    checks: Arc<Mutex<BTreeMap<&'static str, Check>>>,
    cache: Arc<tokio::sync::Mutex<Option<(Instant, Report)>>>,
    shutdown: Shutdown,
    runtime: Handle,
}

/// The response body of `/readyz`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether the process accepts work.
    pub ready: bool,
    /// Whether the process is about to stop.
    pub draining: bool,
    /// By dependency: `ok`, or the reason of the failure.
    pub checks: BTreeMap<&'static str, String>,
}

impl Health {
    pub(crate) fn new(shutdown: Shutdown) -> Self {
        Self { checks: Arc::default(), cache: Arc::default(), shutdown, runtime: Handle::current() }
    }

    /// Makes readiness depend on `check`. It runs on demand, at most twice a second, with a timeout
    /// of one second.
    ///
    /// It runs on the runtime that created the context. The text of an error is visible to every
    /// client of the admin port, so it must not contain credentials. A second check of the same
    /// name replaces the first.
    pub fn add<F, Fut>(&self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.insert(name, Check { run: Arc::new(move || check().boxed()), weight: Weight::Always });
    }

    /// Like [`add`](Self::add), but readiness depends on `check` only until it has passed once;
    /// later failures are only reported.
    ///
    /// Use it for a dependency that the service can do without for a while. If its failure made
    /// replicas unready, all of them would leave the load balancer at once. A starting replica
    /// still waits for it, so that a wrong address is noticed.
    pub fn add_until_passed<F, Fut>(&self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        let weight = Weight::UntilPassed(Arc::default());
        self.insert(name, Check { run: Arc::new(move || check().boxed()), weight });
    }

    /// Reports `advisory` with the checks without affecting readiness. `Err` holds a condition that
    /// an operator should know and change.
    ///
    /// Use it for conditions that harm in the long run while work continues. The advisory runs as
    /// often as the checks and is not logged here; it should answer from memory, and its owner logs
    /// changes.
    pub fn add_advisory<F>(&self, name: &'static str, advisory: F)
    where
        F: Fn() -> Result<(), String> + Send + Sync + 'static,
    {
        let run: CheckFn = Arc::new(move || std::future::ready(advisory()).boxed());
        self.insert(name, Check { run, weight: Weight::Never });
    }

    fn insert(&self, name: &'static str, check: Check) {
        self.checks.locked().insert(name, check);
    }

    /// The current state, from the checks or from a recent report.
    pub async fn report(&self) -> Report {
        let draining = self.shutdown.is_draining();
        // Held while the checks run, so that concurrent probes share the report.
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
            let checks = self.checks.locked();
            checks.iter().map(|(name, check)| (*name, check.clone())).collect()
        };
        let results = join_all(checks.into_iter().map(|(name, check)| self.run_check(name, check))).await;
        let ready = results.iter().all(|(_, result, counts)| result.is_ok() || !counts);
        let checks = results
            .into_iter()
            .map(|(name, result, _)| (name, result.err().unwrap_or_else(|| "ok".to_owned())))
            .collect();
        Report { ready, draining: false, checks }
    }

    /// The check runs in a spawned task, because the caller may be on the runtime of an HTTP
    /// worker, where connections must not be opened.
    async fn run_check(&self, name: &'static str, check: Check) -> (&'static str, Result<(), String>, bool) {
        let running = Arc::clone(&check.run);
        let task = self.runtime.spawn(async move {
            tokio::time::timeout(CHECK_TIMEOUT, running())
                .await
                .unwrap_or_else(|_elapsed| Err("no answer within 1 s".to_owned()))
        });
        let result = task.await.unwrap_or_else(|_panicked| Err("the check itself failed".to_owned()));
        let counts = check.counts(&result);
        match &result {
            Err(reason) if counts => {
                tracing::warn!(dependency = name, reason, "not ready: a dependency failed its check");
            }
            Err(_) if matches!(check.weight, Weight::Never) => {}
            Err(reason) => tracing::warn!(
                dependency = name,
                reason,
                "a dependency failed its check; the service continues without it"
            ),
            Ok(()) => {}
        }
        (name, result, counts)
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").finish_non_exhaustive()
    }
}
