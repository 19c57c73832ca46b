//! The recovery ladder: commands that the platform sends by itself to end the cause of an issue. One
//! replica at a time does this work, under a lease; if two do, the database admits each command once.

mod metrics;

use crate::dispatch::dispatcher::{Dispatched, Dispatcher};
use crate::dispatch::intent::Intent;
use crate::dispatch::pile_order::PileOrder;
use crate::error::DispatchError;
use crate::settings::{PresenceSettings, RecoverySettings};
use domain::assets::OperatorBound;
use domain::commands::{CommandKind, CommandRefusal};
use domain::ids::IssueId;
use domain::issues::Decision;
use metrics::{IssueStates, RecoveryMetrics, StepOutcome};
use opentelemetry::metrics::Meter;
use runtime::{Shutdown, causes, every};
use std::sync::Arc;
use std::time::Duration;
use storage::commands::Conflict;
use storage::ingest::WorkerLease;
use storage::issues::recovery::{self, Claim, ClaimedStep, RecoveryTerms};
use storage::{Database, PooledConnection, StorageError};
use uuid::Uuid;

const LEASE: &str = "issues/recovery";
/// The most issues that are read at once.
const CHUNK: i64 = 500;

/// Tries the steps of the ladder while this replica holds the lease.
pub(crate) struct RecoveryWorker {
    lease: WorkerLease,
    database: Database,
    dispatcher: Arc<Dispatcher>,
    terms: RecoveryTerms,
    poll: Duration,
    is_enabled: bool,
    /// The topic of the gateways' events, and how late they may be for issues to be of the present.
    ingest: (Arc<str>, Duration),
    metrics: RecoveryMetrics,
}

impl RecoveryWorker {
    /// Uses connections of `database`, which are separate from those of commands.
    pub(crate) fn new(
        database: Database,
        dispatcher: Arc<Dispatcher>,
        settings: &RecoverySettings,
        presence: &PresenceSettings,
        meter: &Meter,
    ) -> Self {
        Self {
            lease: WorkerLease::new(database.clone(), LEASE),
            database,
            dispatcher,
            terms: settings.terms(),
            poll: settings.poll(),
            is_enabled: settings.enabled,
            ingest: (presence.ingest_topic.as_str().into(), presence.ingest_lag()),
            metrics: RecoveryMetrics::new(meter),
        }
    }

    /// Continues until asked to stop, and then until the current command is sent.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        if !self.is_enabled {
            return;
        }
        let mut ticks = every(self.poll);
        while shutdown.run_until_requested(ticks.tick()).await.is_some() {
            let done = match self.lease.acquire().await {
                Ok(true) => self.pass(&shutdown).await,
                Ok(false) => {
                    self.metrics.standby();
                    Ok(())
                }
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tracing::warn!(
                    error = causes(&error),
                    "the recovery of issues failed; retrying at the next interval"
                );
            }
        }
        self.lease.release().await;
    }

    /// Considers all open issues once.
    async fn pass(&self, shutdown: &Shutdown) -> Result<(), StorageError> {
        let ((topic, lag), terms) = (self.ingest.clone(), self.terms);
        let is_current = self
            .database
            .run(async move |mut connection: PooledConnection| {
                let is_current = recovery::is_current(&mut connection, &topic, lag).await?;
                recovery::record_pass(&mut connection, &terms, !is_current).await?;
                Ok::<_, StorageError>(is_current)
            })
            .await?;
        self.metrics.late(!is_current);
        if !is_current {
            tracing::debug!("issues are evaluated late; no step is tried until they are of the present");
            return Ok(());
        }
        let mut states = IssueStates::default();
        let mut after = IssueId(Uuid::nil());
        loop {
            let cases = self
                .database
                .run(async move |mut connection: PooledConnection| {
                    let ids = recovery::list_open(&mut connection, after, CHUNK).await?;
                    let last = ids.last().copied();
                    Ok::<_, StorageError>((last, recovery::load(&mut connection, &ids).await?))
                })
                .await?;
            let (Some(last), cases) = cases else { break };
            after = last;
            for open in cases {
                match self.terms.ladder.decide(&open.case, open.now) {
                    Decision::Try(..) if shutdown.is_requested() => return Ok(()),
                    Decision::Try(..) if states.is_limited() => states.limited(),
                    Decision::Try(..) => self.climb(open.issue, &mut states).await?,
                    decision => states.add(decision),
                }
            }
        }
        self.metrics.issues(&states);
        Ok(())
    }

    /// Tries the next step at an issue, if it is still due.
    async fn climb(&self, issue: IssueId, states: &mut IssueStates) -> Result<(), StorageError> {
        let terms = self.terms;
        let claimed = self
            .database
            .run(async move |mut connection: PooledConnection| {
                recovery::claim(&mut connection, issue, &terms).await
            })
            .await?;
        match claimed {
            Claim::Step(step) => self.send(step).await,
            Claim::Limited => {
                states.limited();
                Ok(())
            }
            Claim::Nothing => Ok(()),
        }
    }

    /// Sends the command of an attempt. All replicas derive the same id for it, so only one of them can
    /// record the command, and only that one publishes it.
    async fn send(&self, step: ClaimedStep) -> Result<(), StorageError> {
        let Some(intent) = step.step.command(step.connector).as_ref().and_then(intent) else { return Ok(()) };
        let order = PileOrder {
            pile_id: step.pile_id,
            intent,
            issued_by: None,
            bound: OperatorBound::All,
            keyed: None,
        };
        let sent = self.dispatcher.dispatch_as(step.command_id(), order).await;
        let outcome = outcome(&sent);
        self.metrics.step(step.step, outcome);
        match (outcome, sent.err()) {
            (StepOutcome::Sent, failure) => tracing::info!(
                issue_id = %step.issue,
                command_id = %step.command_id(),
                step = step.step.as_str(),
                failure = failure.as_ref().map(DispatchError::code),
                "a step of the recovery of an issue is recorded as a command"
            ),
            (StepOutcome::Refused, error) => {
                let code = error.as_ref().map_or("INTERNAL", DispatchError::code);
                tracing::warn!(
                    issue_id = %step.issue,
                    step = step.step.as_str(),
                    code,
                    "a step of the recovery of an issue is refused; the next one follows"
                );
                self.database
                    .run(async move |mut connection: PooledConnection| {
                        recovery::refuse(&mut connection, &step, code).await
                    })
                    .await?;
            }
            (StepOutcome::Deferred, error) => tracing::warn!(
                issue_id = %step.issue,
                step = step.step.as_str(),
                code = error.as_ref().map(DispatchError::code),
                "a step of the recovery of an issue cannot be sent now; it is tried again after recovery.pause_s"
            ),
        }
        Ok(())
    }
}

/// The intent that leads to a command of the ladder.
fn intent(kind: &CommandKind) -> Option<Intent> {
    match *kind {
        CommandKind::TriggerMessage { requested, connector_id } => {
            Some(Intent::TriggerMessage { requested, connector_id })
        }
        CommandKind::Reset { kind } => Some(Intent::Reset { kind }),
        CommandKind::UnlockConnector { connector_id } => Some(Intent::UnlockConnector { connector_id }),
        CommandKind::ChangeAvailability { connector_id, availability } => {
            Some(Intent::ChangeAvailability { availability, connector_id })
        }
        CommandKind::StartTransaction { .. }
        | CommandKind::StopTransaction { .. }
        | CommandKind::ChangeConfiguration { .. } => None,
    }
}

/// What follows from an attempt to send the command of a step.
fn outcome(sent: &Result<Dispatched, DispatchError>) -> StepOutcome {
    match sent {
        // With the same id, this or another replica has recorded the command before.
        Ok(_)
        | Err(
            DispatchError::Conflict(Conflict::Id)
            | DispatchError::NotPublished { .. }
            | DispatchError::OutcomeUnknown(_),
        ) => StepOutcome::Sent,
        Err(
            DispatchError::Refused(
                CommandRefusal::Offline(_) | CommandRefusal::NeverHeard(_) | CommandRefusal::Doubtful(_),
            )
            | DispatchError::NoGateway(_),
        ) => StepOutcome::Deferred,
        Err(DispatchError::Refused(_) | DispatchError::PileNotFound | DispatchError::Encoding(_)) => {
            StepOutcome::Refused
        }
        Err(_) => StepOutcome::Deferred,
    }
}
