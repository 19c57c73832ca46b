//! The metrics of issues.

use domain::issues::{Cause, Severity, TransitionKind};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};
use runtime::lock::MutexExt as _;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use storage::issues::{Evaluated, OpenIssues};

/// The metrics of issues.
pub(super) struct IssueMetrics {
    opened: Counter<u64>,
    closed: Counter<u64>,
    missed: Counter<u64>,
    failed: Counter<u64>,
    /// What only the replica that evaluates reports.
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    open: Option<Vec<OpenIssues>>,
    /// When everything was evaluated.
    complete_at: Option<Instant>,
}

impl IssueMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let observed = Arc::clone(&state);
        meter
            .i64_observable_gauge("issues.open")
            .with_description("Open issues, by cause and severity")
            .with_callback(move |observer| {
                if let Some(open) = &observed.locked().open {
                    for (labels, count) in by_cause_and_severity(open) {
                        observer.observe(count, &labels);
                    }
                }
            })
            .build();
        let observed = Arc::clone(&state);
        meter
            .f64_observable_gauge("issues.evaluation.delay")
            .with_unit("s")
            .with_description("Time since all changes were evaluated into issues")
            .with_callback(move |observer| {
                if let Some(at) = observed.locked().complete_at {
                    observer.observe(at.elapsed().as_secs_f64(), &[]);
                }
            })
            .build();
        let counter = |name, about| meter.u64_counter(name).with_description(about).build();
        let metrics = Self {
            opened: counter("issues.opened", "Issues opened, by cause"),
            closed: counter("issues.closed", "Issues closed, by cause"),
            missed: counter(
                "issues.missed",
                "Chunks of the feed that were deleted before they were evaluated",
            ),
            failed: counter("issues.failed", "Passes over the feed that failed"),
            state,
        };
        for cause in Cause::ALL {
            metrics.opened.add(0, &[KeyValue::new("cause", cause.as_str())]);
            metrics.closed.add(0, &[KeyValue::new("cause", cause.as_str())]);
        }
        metrics.missed.add(0, &[]);
        metrics.failed.add(0, &[]);
        metrics
    }

    /// Counts the outcome of a pass.
    pub(super) fn evaluated(&self, evaluated: &Evaluated) {
        for transition in &evaluated.transitions {
            let cause = [KeyValue::new("cause", transition.key.cause.as_str())];
            match transition.kind {
                TransitionKind::Opened => self.opened.add(1, &cause),
                TransitionKind::Closed => self.closed.add(1, &cause),
                TransitionKind::Recurred | TransitionKind::Joined | TransitionKind::Left => {}
            }
        }
        self.missed.add(u64::try_from(evaluated.missed).unwrap_or_default(), &[]);
        let mut state = self.state.locked();
        // The first pass begins the measurement, even if it leaves something.
        if evaluated.is_complete || state.complete_at.is_none() {
            state.complete_at = Some(Instant::now());
        }
    }

    /// Counts a pass that failed.
    pub(super) fn failed(&self) {
        self.failed.add(1, &[]);
    }

    /// Records the open issues.
    pub(super) fn open(&self, open: Vec<OpenIssues>) {
        self.state.locked().open = Some(open);
    }

    /// Records that this replica does not evaluate.
    pub(super) fn left(&self) {
        *self.state.locked() = State::default();
    }
}

/// The number of open issues by cause and severity, also where there are none.
fn by_cause_and_severity(open: &[OpenIssues]) -> impl Iterator<Item = ([KeyValue; 2], i64)> {
    let pairs = Cause::ALL
        .into_iter()
        .flat_map(|cause| Severity::ALL.into_iter().map(move |severity| (cause, severity)));
    pairs.map(|(cause, severity)| {
        let counted = open.iter().find(|open| (open.cause, open.severity) == (cause, severity));
        let labels = [KeyValue::new("cause", cause.as_str()), KeyValue::new("severity", severity.as_str())];
        (labels, counted.map_or(0, |counted| counted.count))
    })
}
