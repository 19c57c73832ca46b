//! From a command that was checked and routed to one that is published: record, publish, note what became of it.

use crate::dispatch::command_store::Books;
use crate::dispatch::gateway_directory::Way;
use crate::dispatch::publisher::{Lanes, Publication};
use crate::dispatch::record::OutgoingCommand;
use crate::error::DispatchError;
use crate::metrics::Metrics;
use chrono::SubsecRound as _;
use domain::commands::{Command, Goal, Step};
use domain::devices::presence::Confidence;
use domain::ids::{ChargePointId, CommandId, PileId};
use runtime::causes;
use runtime::{clock, trace};
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::commands::{KeyedRequest, NewCommand, Note, RecordedCommand};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// What was not published is noted before the caller is told, if that takes no longer than this.
const NOTE: Duration = Duration::from_secs(1);

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
    /// How far the device is trusted to be online.
    pub confidence: Confidence,
    /// How its gateway was found.
    pub way: Way,
    /// What its caller named the request.
    pub keyed: Option<KeyedRequest>,
}

/// Delivers commands, each in a task that its caller cannot abandon half way. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Delivery {
    books: Books,
    lanes: Lanes,
    metrics: Metrics,
    patience: Duration,
    tasks: TaskTracker,
}

impl Delivery {
    /// A caller waits no longer than `patience`, from when it asked.
    pub(crate) fn new(books: Books, lanes: Lanes, metrics: Metrics, patience: Duration) -> Self {
        Self { books, lanes, metrics, patience, tasks: TaskTracker::new() }
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

    /// Waits for the deliveries under way, and for what is to be noted of them; none must be begun any more.
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

    async fn record_and_publish(&self, routed: &RoutedCommand) -> Result<(), DispatchError> {
        let OutgoingCommand { mut record, payload } = OutgoingCommand::encode(&routed.command, clock::now())?;
        self.books.record(routed.to_new(payload)).await?;
        let started = Instant::now();
        let span = trace::send(self.lanes.topic(), routed.partition);
        // Of this span, or of the one around it where nothing is exported.
        span.in_scope(trace::TraceHeaders::current).put(&mut record.headers);
        let publication = self.lanes.publish(routed.partition, record).instrument(span.clone()).await;
        match &publication {
            Ok(offset) => trace::sent(&span, *offset),
            Err(_) => trace::fail(&span, word(&publication)),
        }
        let state = word(&publication);
        self.metrics.published(state, started.elapsed());
        let noted = self.note(&routed.command.charge_point_id, routed.command.id, step(&publication)).await;
        let Err(why) = publication else { return Ok(()) };
        tracing::error!(state, error = causes(&why), "the command is not known to be published");
        // So that a caller who asks at once is told the same.
        let _late = timeout(NOTE, noted).await;
        Err(DispatchError::unpublished(routed.command.id, &why))
    }

    /// Publishes a recorded command once more, to the gateway and partition that its record names now, and records the
    /// outcome. It is not tried again.
    pub(crate) async fn republish(&self, command: &RecordedCommand) {
        let record = &command.record;
        let started = Instant::now();
        let step = match OutgoingCommand::encode_again(command, clock::now()) {
            Ok(outgoing) => {
                let publication = self.lanes.publish(command.partition, outgoing.record).await;
                self.metrics.published(word(&publication), started.elapsed());
                publication.map_or_else(
                    |why| Step::NotRepublished { detail: why.to_string() },
                    |offset| Step::Republished { offset },
                )
            }
            Err(error) => {
                tracing::error!(command_id = %record.id, error = causes(&error), "the command cannot be encoded again");
                Step::NotRepublished { detail: "the command cannot be encoded again".to_owned() }
            }
        };
        if let Step::NotRepublished { detail } = &step {
            tracing::warn!(command_id = %record.id, detail, "the command was not sent once more; it waits for an answer");
        }
        let _recorded_behind = self.note(&record.charge_point_id, record.id, step).await;
    }

    /// Leaves a note of what happened, which the books take when they can.
    async fn note(&self, device: &ChargePointId, id: CommandId, step: Step) -> JoinHandle<()> {
        let note = Note { id, charge_point_id: device.clone(), at: clock::now().trunc_subsecs(3), step };
        let noted = self.books.note(note).await;
        // Whoever ends the process waits for it, the caller of the command does not.
        self.tasks.spawn(async move {
            if let Some(noted) = noted {
                let _lost = noted.await;
            }
        })
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
            keyed: self.keyed.clone(),
        }
    }
}

/// What is noted of an attempt to publish. The causes of a failure go to the log only.
fn step(publication: &Publication) -> Step {
    match publication {
        Ok(offset) => Step::Published { offset: *offset },
        Err(why) if why.is_uncertain() => Step::Unconfirmed { detail: why.to_string() },
        Err(why) => Step::Unpublished { detail: why.to_string() },
    }
}

/// The word that an attempt to publish is counted under.
fn word(publication: &Publication) -> &'static str {
    match publication {
        Ok(_) => "published",
        Err(why) if why.is_uncertain() => "unknown",
        Err(_) => "failed",
    }
}
