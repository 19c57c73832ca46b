//! From a command that was checked and routed to one that is published: record, publish, note what became of it.

use crate::error::DispatchError;
use crate::metrics::Metrics;
use crate::record::OutgoingCommand;
use crate::routes::Way;
use crate::topic::{CommandTopic, Unpublished};
use chrono::SubsecRound as _;
use domain::command::{Command, Goal, Step};
use domain::ids::PileId;
use runtime::causes;
use runtime::clock;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::commands::{self, KeyedRequest, NewCommand, Note, Recorded};
use storage::{Database, StorageError};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// Kept back from a request's deadline, so that the caller is told the command's id and not just that it is late.
const MARGIN: Duration = Duration::from_millis(500);

/// A command that may be sent, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoutedCommand {
    /// The command.
    pub command: Command,
    /// The pile that it is for.
    pub pile_id: PileId,
    /// The partition that its gateway reads.
    pub partition: i32,
    /// What would show that it was done.
    pub goal: Option<Goal>,
    /// How its gateway was found.
    pub way: Way,
    /// What its caller named the request.
    pub keyed: Option<KeyedRequest>,
}

/// Delivers commands, each in a task that its caller cannot abandon half way. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Delivery {
    database: Database,
    topic: Arc<CommandTopic>,
    metrics: Metrics,
    request_deadline: Duration,
    tasks: TaskTracker,
    /// Of the process, not of the HTTP worker that a command came in by.
    runtime: Handle,
}

impl Delivery {
    /// Must be called on the main runtime: deliveries run on it.
    pub(crate) fn new(
        database: Database,
        topic: Arc<CommandTopic>,
        metrics: Metrics,
        request_deadline: Duration,
    ) -> Self {
        Self {
            database,
            topic,
            metrics,
            request_deadline,
            tasks: TaskTracker::new(),
            runtime: Handle::current(),
        }
    }

    /// Records and publishes a command that was asked for at `asked`. A caller that stops waiting changes nothing.
    ///
    /// # Errors
    /// [`DispatchError::NotPublished`], [`DispatchError::OutcomeUnknown`], or the database's failure to record it.
    pub(crate) async fn deliver(
        &self,
        routed: RoutedCommand,
        asked: Instant,
    ) -> Result<Arc<RoutedCommand>, DispatchError> {
        let routed = Arc::new(routed);
        let id = routed.command.id;
        let span = tracing::info_span!("deliver command", otel.kind = "producer", command_id = %id);
        let work = self.clone().carry_out(Arc::clone(&routed)).instrument(span);
        let task = self.tasks.spawn_on(work, &self.runtime);
        let patience = self.request_deadline.saturating_sub(MARGIN + asked.elapsed());
        match tokio::time::timeout(patience, task).await {
            Ok(Ok(outcome)) => outcome.map(|()| routed),
            Ok(Err(_panicked)) => Err(DispatchError::OutcomeUnknown(id)),
            Err(_late) => Err(DispatchError::OutcomeUnknown(id)),
        }
    }

    /// Waits for the deliveries under way; none must be begun any more.
    pub(crate) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn carry_out(self, routed: Arc<RoutedCommand>) -> Result<(), DispatchError> {
        let outcome = self.record_and_publish(&routed).await;
        let label = outcome.as_ref().map_or_else(DispatchError::outcome, |()| "accepted");
        self.metrics.command(routed.command.kind.name(), label);
        outcome
    }

    async fn record_and_publish(&self, routed: &Arc<RoutedCommand>) -> Result<(), DispatchError> {
        let OutgoingCommand { record, payload } = OutgoingCommand::encode(&routed.command, clock::now())?;
        self.record(Arc::clone(routed), payload).await?;
        let id = routed.command.id;
        let started = Instant::now();
        let outcome = self.topic.publish(routed.partition, record).await;
        let step = step(&outcome);
        let state = word(&outcome);
        self.metrics.published(state, started.elapsed());
        self.note(routed, step).await;
        match outcome {
            Ok(_offset) => Ok(()),
            Err(why) => {
                let told = DispatchError::unpublished(id, &why);
                tracing::error!(state, error = causes(&why), "the command is not known to be published");
                Err(told)
            }
        }
    }

    async fn record(
        &self,
        routed: Arc<RoutedCommand>,
        payload: serde_json::Value,
    ) -> Result<(), DispatchError> {
        let recorded: Result<Recorded, StorageError> = self
            .database
            .run(async move |mut connection| {
                let new = routed.to_new(payload);
                let recorded = commands::record_many(&mut connection, std::slice::from_ref(&new)).await?;
                Ok(recorded)
            })
            .await;
        match recorded? {
            Recorded::All => Ok(()),
            Recorded::None(conflict) => Err(DispatchError::Conflict(conflict)),
        }
    }

    /// What happened has happened: a failure to note it changes nothing for the caller, the row stays `accepted`.
    async fn note(&self, routed: &RoutedCommand, step: Step) {
        let note = Note {
            id: routed.command.id,
            charge_point_id: routed.command.charge_point_id.clone(),
            at: clock::now().trunc_subsecs(3),
            step,
        };
        let noted: Result<(), StorageError> = self
            .database
            .run(async move |mut connection| commands::note_many(&mut connection, &[note]).await)
            .await;
        if let Err(error) = noted {
            tracing::error!(error = causes(&error), "what became of the command could not be noted");
        }
    }
}

impl RoutedCommand {
    fn to_new(&self, payload: serde_json::Value) -> NewCommand {
        NewCommand {
            command: self.command.clone(),
            pile_id: self.pile_id,
            partition: self.partition,
            payload,
            goal: self.goal.clone(),
            degraded: self.way.degraded,
            seen_gateway_id: self.way.seen.clone(),
            keyed: self.keyed.clone(),
        }
    }
}

/// What is noted of an attempt to publish. The causes of a failure go to the log only.
fn step(outcome: &Result<i64, Unpublished>) -> Step {
    match outcome {
        Ok(offset) => Step::Published { offset: *offset },
        Err(why @ Unpublished::Unconfirmed(_)) => Step::Unconfirmed { detail: why.to_string() },
        Err(why) => Step::Unpublished { detail: why.to_string() },
    }
}

/// The word that an attempt to publish is counted under.
const fn word(outcome: &Result<i64, Unpublished>) -> &'static str {
    match outcome {
        Ok(_) => "published",
        Err(Unpublished::Unconfirmed(_)) => "unknown",
        Err(_) => "failed",
    }
}
