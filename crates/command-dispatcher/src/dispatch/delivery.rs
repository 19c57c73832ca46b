//! Delivery of a checked and routed command: insert it, publish it, record the outcome.

use crate::dispatch::command_store::CommandStore;
use crate::dispatch::gateway_directory::ResolvedRoute;
use crate::dispatch::publisher::{CommandPublisher, Publication};
use crate::dispatch::record::OutgoingCommand;
use crate::error::DispatchError;
use crate::metrics::Metrics;
use chrono::SubsecRound as _;
use domain::commands::{Command, CommandRecord, Goal, Step};
use domain::devices::presence::Confidence;
use domain::ids::{Actor, PileId};
use domain::sessions::limits::SessionLimits;
use runtime::causes;
use runtime::kafka::NewRecord;
use runtime::{clock, trace};
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::commands::{KeyedRequest, NewCommand, PublishOutcome, RecordedCommand};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// How long the response of an unpublished command waits for its outcome to be recorded.
const OUTCOME_WAIT: Duration = Duration::from_secs(1);

/// A command that may be sent, with its route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoutedCommand {
    pub command: Command,
    /// The pile that the command is for.
    pub pile_id: PileId,
    /// The partition that the gateway reads.
    pub partition: i32,
    /// The effect that would show that the command was executed.
    pub goal: Option<Goal>,
    /// How far the online state of the device can be trusted.
    pub confidence: Confidence,
    /// How the gateway was found.
    pub way: ResolvedRoute,
    /// The `sub` of the caller; `None` for a command that the platform sends by itself.
    pub issued_by: Option<Actor>,
    /// The caller's idempotency key, if any.
    pub keyed: Option<KeyedRequest>,
    /// The limits of the session that the command starts.
    pub limits: Option<SessionLimits>,
}

/// Delivers commands, each in a task of its own: a caller that disconnects cannot interrupt it.
/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Delivery {
    store: CommandStore,
    publisher: CommandPublisher,
    metrics: Metrics,
    patience: Duration,
    tasks: TaskTracker,
}

impl Delivery {
    /// A caller waits for at most `patience`, counted from its request.
    pub(crate) fn new(
        store: CommandStore,
        publisher: CommandPublisher,
        metrics: Metrics,
        patience: Duration,
    ) -> Self {
        Self { store, publisher, metrics, patience, tasks: TaskTracker::new() }
    }

    /// Records and publishes a command that was requested at `asked`. A caller that stops waiting
    /// changes nothing.
    ///
    /// # Errors
    /// [`DispatchError::NotPublished`], [`DispatchError::OutcomeUnknown`], or a failure of
    /// PostgreSQL to record the command.
    pub(crate) async fn deliver(
        &self,
        routed: RoutedCommand,
        asked: Instant,
    ) -> Result<Arc<RoutedCommand>, DispatchError> {
        let routed = Arc::new(routed);
        let id = routed.command.id;
        let span =
            tracing::info_span!("deliver command", command_id = %id, route = routed.way.source.as_str());
        let work = self.clone().carry_out(Arc::clone(&routed)).instrument(span);
        let task = self.tasks.spawn(work);
        match timeout(self.patience.saturating_sub(asked.elapsed()), task).await {
            Ok(Ok(outcome)) => outcome.map(|()| routed),
            Ok(Err(_panicked)) => Err(DispatchError::OutcomeUnknown(id)),
            Err(_late) => Err(DispatchError::OutcomeUnknown(id)),
        }
    }

    /// Waits for the deliveries in flight and for their outcomes to be recorded. No delivery may be
    /// started after the call.
    pub(crate) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.store.finish().await;
    }

    async fn carry_out(self, routed: Arc<RoutedCommand>) -> Result<(), DispatchError> {
        let outcome = self.record_and_publish(&routed).await;
        let label = outcome.as_ref().map_or_else(DispatchError::outcome, |()| "accepted");
        self.metrics.command(routed.command.kind.name(), label);
        outcome
    }

    async fn record_and_publish(&self, routed: &RoutedCommand) -> Result<(), DispatchError> {
        let OutgoingCommand { record, payload } = OutgoingCommand::encode(&routed.command, clock::now())?;
        let new = routed.to_new(payload);
        let inserted = new.to_record();
        self.store.insert(new).await?;
        self.publish(&routed.command, routed.partition, record, Some(inserted)).await
    }

    /// Publishes a recorded command and records the outcome; `inserted` is its record, unless it
    /// was inserted earlier.
    ///
    /// # Errors
    /// [`DispatchError::NotPublished`] or [`DispatchError::OutcomeUnknown`].
    pub(crate) async fn publish(
        &self,
        command: &Command,
        partition: i32,
        mut record: NewRecord,
        inserted: Option<CommandRecord>,
    ) -> Result<(), DispatchError> {
        let started = Instant::now();
        let span = trace::send(self.publisher.topic(), partition);
        // The headers of this span, or of the enclosing one where nothing is exported.
        span.in_scope(trace::TraceHeaders::current).put(&mut record.headers);
        let publication = self.publisher.publish(partition, record).instrument(span.clone()).await;
        match &publication {
            Ok(offset) => trace::sent(&span, *offset),
            Err(_) => trace::fail(&span, publish_label(&publication)),
        }
        let state = publish_label(&publication);
        self.metrics.published(state, started.elapsed());
        let outcome = PublishOutcome {
            id: command.id,
            charge_point_id: command.charge_point_id.clone(),
            at: clock::now().trunc_subsecs(3),
            step: step(&publication),
            inserted: inserted.map(Box::new),
        };
        let recorded = self.store.record_outcome(outcome).await;
        let Err(why) = publication else { return Ok(()) };
        tracing::error!(
            state,
            error = causes(&why),
            "the command was not published, or its publication was not confirmed"
        );
        // A caller that queries the command at once then sees the same outcome.
        if let Some(recorded) = recorded {
            let _late = timeout(OUTCOME_WAIT, recorded).await;
        }
        Err(DispatchError::unpublished(command.id, &why))
    }

    /// Publishes a recorded command again, to the gateway and partition that its record names now,
    /// and records the outcome. It is not retried.
    pub(crate) async fn republish(&self, command: &RecordedCommand) {
        let record = &command.record;
        let started = Instant::now();
        let step = match OutgoingCommand::encode_again(command, clock::now()) {
            Ok(outgoing) => {
                let publication = self.publisher.publish(command.partition, outgoing.record).await;
                self.metrics.published(publish_label(&publication), started.elapsed());
                publication.map_or_else(
                    |why| Step::NotRepublished { detail: why.to_string() },
                    |offset| Step::Republished { offset },
                )
            }
            Err(error) => {
                tracing::error!(
                    command_id = %record.id,
                    error = causes(&error),
                    "the recorded command cannot be encoded again; it is not republished"
                );
                Step::NotRepublished { detail: "the command cannot be encoded again".to_owned() }
            }
        };
        if let Step::NotRepublished { detail } = &step {
            tracing::warn!(
                command_id = %record.id,
                detail,
                "the command was not republished; it waits for an answer until it expires"
            );
        }
        let outcome = PublishOutcome {
            id: record.id,
            charge_point_id: record.charge_point_id.clone(),
            at: clock::now().trunc_subsecs(3),
            step,
            inserted: None,
        };
        let _recorded_later = self.store.record_outcome(outcome).await;
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
            route: self.way.source,
            degraded: self.way.degraded,
            seen_gateway_id: self.way.seen.clone(),
            confidence: self.confidence,
            issued_by: self.issued_by.clone(),
            keyed: self.keyed.clone(),
            limits: self.limits,
        }
    }
}

/// The step to record for an attempt to publish. The causes of a failure go to the log only.
fn step(publication: &Publication) -> Step {
    match publication {
        Ok(offset) => Step::Published { offset: *offset },
        Err(why) if why.is_uncertain() => Step::Unconfirmed { detail: why.to_string() },
        Err(why) => Step::Unpublished { detail: why.to_string() },
    }
}

/// The label that an attempt to publish is counted under.
fn publish_label(publication: &Publication) -> &'static str {
    match publication {
        Ok(_) => "published",
        Err(why) if why.is_uncertain() => "unknown",
        Err(_) => "failed",
    }
}
