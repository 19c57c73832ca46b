//! The metrics of the recovery ladder.

use domain::issues::{Decision, Hold, RecoveryStep};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};
use std::collections::BTreeMap;

const WAITING: &str = "waiting";
const EXHAUSTED: &str = "exhausted";
const LIMITED: &str = "rate_limited";

/// What followed from an attempt to send the command of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepOutcome {
    /// The command is recorded.
    Sent,
    /// The command is refused, and the next step follows.
    Refused,
    /// The command is not recorded, and is tried again.
    Deferred,
}

impl StepOutcome {
    const ALL: [Self; 3] = [Self::Sent, Self::Refused, Self::Deferred];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Deferred => "deferred",
        }
    }
}

/// The open issues of a pass without a step, by why there was none.
#[derive(Debug, Default)]
pub(super) struct IssueStates(BTreeMap<&'static str, u64>);

impl IssueStates {
    /// Counts an issue at which no step is tried.
    pub(super) fn add(&mut self, decision: Decision) {
        match decision {
            Decision::Try(..) => {}
            Decision::Wait(_) => self.count(WAITING),
            Decision::Held(hold) => self.count(hold.as_str()),
            Decision::Exhausted => self.count(EXHAUSTED),
        }
    }

    /// Counts an issue whose step must wait for those of others.
    pub(super) fn limited(&mut self) {
        self.count(LIMITED);
    }

    /// Whether as many steps were tried as are allowed.
    pub(super) fn is_limited(&self) -> bool {
        self.0.contains_key(LIMITED)
    }

    fn count(&mut self, state: &'static str) {
        *self.0.entry(state).or_default() += 1;
    }
}

/// The metrics.
#[derive(Debug)]
pub(super) struct RecoveryMetrics {
    steps: Counter<u64>,
    issues: Gauge<u64>,
    late: Gauge<u64>,
}

impl RecoveryMetrics {
    /// Metrics created by `meter`. Counters start at zero.
    pub(super) fn new(meter: &Meter) -> Self {
        let metrics = Self {
            steps: meter
                .u64_counter("recovery.steps")
                .with_description("Steps of the recovery ladder, by step and outcome")
                .build(),
            issues: meter
                .u64_gauge("recovery.issues")
                .with_description("Open issues without a due step, by why; 0 on replicas without the lease")
                .build(),
            late: meter
                .u64_gauge("recovery.suspended")
                .with_description("1 while issues are evaluated late, so that no step is tried")
                .build(),
        };
        for step in RecoveryStep::ALL {
            for outcome in StepOutcome::ALL {
                metrics.add(0, step, outcome);
            }
        }
        metrics.standby();
        metrics
    }

    /// Counts an attempt to send the command of a step.
    pub(super) fn step(&self, step: RecoveryStep, outcome: StepOutcome) {
        self.add(1, step, outcome);
    }

    /// Records the open issues without a due step.
    pub(super) fn issues(&self, states: &IssueStates) {
        let holds = Hold::ALL.into_iter().map(Hold::as_str);
        for state in holds.chain([WAITING, EXHAUSTED, LIMITED]) {
            let count = states.0.get(state).copied().unwrap_or_default();
            self.issues.record(count, &[KeyValue::new("state", state)]);
        }
    }

    /// Records that this replica has not the lease.
    pub(super) fn standby(&self) {
        self.issues(&IssueStates::default());
        self.late(false);
    }

    /// Records whether issues are evaluated late.
    pub(super) fn late(&self, is_late: bool) {
        self.late.record(u64::from(is_late), &[]);
    }

    fn add(&self, count: u64, step: RecoveryStep, outcome: StepOutcome) {
        let labels = [KeyValue::new("step", step.as_str()), KeyValue::new("outcome", outcome.as_str())];
        self.steps.add(count, &labels);
    }
}
