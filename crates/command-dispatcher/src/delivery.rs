//! From a command that was checked and routed to one that is published: record, publish, note what became of it.

use crate::error::DispatchError;
use crate::metrics::Metrics;
use crate::record::OutgoingCommand;
use crate::topic::{CommandTopic, Unpublished};
use chrono::SubsecRound as _;
use domain::command::Command;
use domain::ids::{CommandId, PileId};
use runtime::causes;
use runtime::clock;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::commands::{self, Publication};
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
        let publication = publication(&outcome);
        let state = publication.state().as_str();
        self.metrics.published(state, started.elapsed());
        self.settle(id, publication).await;
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
    ) -> Result<(), StorageError> {
        self.database
            .run(async move |mut connection| {
                let RoutedCommand { command, pile_id, partition } = routed.as_ref();
                commands::insert(&mut connection, command, *pile_id, *partition, &payload).await
            })
            .await
    }

    /// What happened has happened: a failure to note it changes nothing for the caller, the row stays `accepted`.
    async fn settle(&self, id: CommandId, publication: Publication) {
        let state = publication.state().as_str();
        let noted: Result<bool, StorageError> = self
            .database
            .run(async move |mut connection| commands::settle(&mut connection, id, &publication).await)
            .await;
        match noted {
            Ok(true) => {}
            Ok(false) => tracing::warn!(state, "the command was settled already"),
            Err(error) => {
                tracing::error!(
                    state,
                    error = causes(&error),
                    "what became of the command could not be noted"
                );
            }
        }
    }
}

/// What is noted of an attempt to publish. The causes of a failure go to the log only.
fn publication(outcome: &Result<i64, Unpublished>) -> Publication {
    match outcome {
        Ok(offset) => Publication::Published { offset: *offset, at: clock::now().trunc_subsecs(3) },
        Err(why @ Unpublished::Unconfirmed(_)) => Publication::Unknown { failure: why.to_string() },
        Err(why) => Publication::Failed { failure: why.to_string() },
    }
}
