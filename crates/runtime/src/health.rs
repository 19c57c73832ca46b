//! Whether the process may be given work: the checks behind `/readyz`.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
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

/// A check, and what its failure means for readiness.
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
    /// The failure is reported only.
    Never,
}

impl Check {
    /// Whether readiness depends on it, given this result.
    fn counts(&self, result: &Result<(), String>) -> bool {
        match &self.weight {
            Weight::Always => true,
            Weight::UntilPassed(passed) => !passed.fetch_or(result.is_ok(), Ordering::Relaxed),
            Weight::Never => false,
        }
    }
}

/// The dependencies that readiness hangs on; cheap to clone.
#[derive(Clone)]
pub struct Health {
    checks: Arc<Mutex<BTreeMap<&'static str, Check>>>,
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
        self.insert(name, Check { run: Arc::new(move || check().boxed()), weight: Weight::Always });
    }

    /// As [`add`](Self::add), but once `check` has passed, readiness does not hang on it any more: its failures are told only.
    ///
    /// For what the service can do without for a while. If it went for that, all replicas would be taken out of traffic at once,
    /// and nobody would be left to do without. One that starts waits for it all the same, so that a wrong address is noticed.
    pub fn add_until_passed<F, Fut>(&self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        let weight = Weight::UntilPassed(Arc::default());
        self.insert(name, Check { run: Arc::new(move || check().boxed()), weight });
    }

    /// Reports `advisory` with the checks and leaves readiness alone: `Err` holds what an operator
    /// should know of and change.
    ///
    /// For what harms in the long run while work can continue. The advisory is asked as often as
    /// checks are and not logged here; it should answer from memory, and its owner logs when it
    /// changes.
    pub fn add_advisory<F>(&self, name: &'static str, advisory: F)
    where
        F: Fn() -> Result<(), String> + Send + Sync + 'static,
    {
        let run: CheckFn = Arc::new(move || std::future::ready(advisory()).boxed());
        self.insert(name, Check { run, weight: Weight::Never });
    }

    fn insert(&self, name: &'static str, check: Check) {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).insert(name, check);
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

    /// Spawned, because the caller may live on the runtime of an HTTP worker, where a connection must not be opened.
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
            Err(reason) if counts => tracing::warn!(dependency = name, reason, "not ready"),
            Err(_) if matches!(check.weight, Weight::Never) => {}
            Err(reason) => tracing::warn!(dependency = name, reason, "goes on without a dependency"),
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
