//! The steps of a command on one screen: load context, check, route, deliver.

mod refusal;
mod waiting;

use crate::dispatch::command_store::CommandStore;
use crate::dispatch::delivery::{Delivery, RoutedCommand};
use crate::dispatch::gateway_directory::GatewayDirectory;
use crate::dispatch::intent::Decision;
use crate::dispatch::pile_order::PileOrder;
use crate::error::DispatchError;
use crate::metrics::Metrics;
use crate::settings::{DispatchSettings, DoubtfulStarts, StopSettings};
use chrono::{SubsecRound as _, TimeDelta};
use domain::assets::OperatorBound;
use domain::commands::{Command, CommandKind, CommandRefusal, CommandState, FailureCode, GatewayRoute};
use domain::ids::{ChargePointId, CommandId, PileId};
use domain::status::ConnectorStatus;
use runtime::coalescer::Lost;
use runtime::{clock, trace};
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::commands::{
    CommandContext, Conflict, ContextQuery, ContextScope, KeyedRequest, RecordedCommand,
};
use tokio::runtime::Handle;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;
use uuid::Uuid;

/// The first pause between reads of a command that is being published, and how long it is read.
const SETTLING: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// Sends commands to piles.
pub(crate) struct Dispatcher {
    store: CommandStore,
    routes: GatewayDirectory,
    delivery: Delivery,
    metrics: Metrics,
    startable: Vec<ConnectorStatus>,
    doubtful_starts: DoubtfulStarts,
    ttl: TimeDelta,
    /// How long a stop waits for the transaction id of its session.
    wait: TimeDelta,
    /// How long publishing a command may take.
    patience: TimeDelta,
    runtime: Handle,
}

/// The result of a request.
pub(crate) enum Dispatched {
    /// A new command, which is published.
    Now(Arc<RoutedCommand>),
    /// A new stop, which waits for the transaction id of its session.
    Waiting(Box<RecordedCommand>),
    /// The command that the same request created before.
    Before(Box<RecordedCommand>),
}

impl Dispatcher {
    /// Creates a dispatcher from its parts. Must be called on the main runtime.
    pub(crate) fn new(
        store: CommandStore,
        routes: GatewayDirectory,
        delivery: Delivery,
        metrics: Metrics,
        settings: &DispatchSettings,
        stops: &StopSettings,
        patience: Duration,
    ) -> Self {
        Self {
            store,
            routes,
            delivery,
            metrics,
            startable: settings.startable_statuses.clone(),
            doubtful_starts: settings.doubtful_starts,
            ttl: TimeDelta::seconds(settings.command_ttl_s.into()),
            wait: TimeDelta::seconds(stops.wait_s.into()),
            patience: TimeDelta::from_std(patience).unwrap_or(TimeDelta::MAX),
            runtime: Handle::current(),
        }
    }

    /// Same as [`Dispatcher::dispatch`], for HTTP workers: it runs on the main runtime from start
    /// to end, because each step that returned to the worker would wake two threads. If a caller
    /// disconnects before its command is recorded, the command is not sent.
    ///
    /// # Errors
    /// See [`Dispatcher::dispatch`].
    pub(crate) async fn dispatch_for_worker(
        self: Arc<Self>,
        order: PileOrder,
    ) -> Result<Dispatched, DispatchError> {
        let runtime = self.runtime.clone();
        let work = async move { self.dispatch(order).await }.in_current_span();
        AbortOnDropHandle::new(runtime.spawn(work)).await.map_err(|_panicked| Lost)?
    }

    /// Sends the command that `order` leads to; when this returns, the command is published, or
    /// recorded as a stop that waits. A repeated order with the same key returns the same command.
    ///
    /// # Errors
    /// Why the command was not sent, or that its outcome is unknown.
    pub(crate) async fn dispatch(&self, order: PileOrder) -> Result<Dispatched, DispatchError> {
        let repeatable = order.keyed.is_some().then(|| order.clone());
        match (self.dispatch_as(CommandId(Uuid::now_v7()), order).await, repeatable) {
            (Err(DispatchError::Conflict(Conflict::Key)), Some(order)) => {
                Box::pin(self.dispatch_after_conflict(order)).await
            }
            (outcome, _) => outcome,
        }
    }

    /// Sends the command that `order` leads to with the id `id`.
    ///
    /// # Errors
    /// See [`Dispatcher::dispatch`]; also [`DispatchError::Conflict`], if the id or the key belongs
    /// to a recorded command.
    pub(crate) async fn dispatch_as(
        &self,
        id: CommandId,
        order: PileOrder,
    ) -> Result<Dispatched, DispatchError> {
        let (asked, name, keyed) = (Instant::now(), order.intent.name(), order.keyed.clone());
        let prepared = self.prepare(id, order).await;
        match prepared.inspect_err(|refused| self.metrics.command(name, refused.outcome()))? {
            Prepared::Known(record) => Ok(Dispatched::Before(record)),
            Prepared::Waiting(stop) => self.record_waiting(stop, keyed).await,
            Prepared::Routed(routed) => self.deliver(*routed, asked).await,
        }
    }

    async fn deliver(&self, routed: RoutedCommand, asked: Instant) -> Result<Dispatched, DispatchError> {
        let (charge_point_id, connector_id) =
            (routed.command.charge_point_id.clone(), routed.command.kind.connector_id());
        match self.delivery.deliver(routed, asked).await {
            Ok(sent) => Ok(Dispatched::Now(sent)),
            Err(DispatchError::Conflict(Conflict::StartInFlight)) => {
                Err(CommandRefusal::StartInFlight { charge_point_id, connector_id, command_id: None }.into())
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the command of a request that arrived at the same time with the same key. Without such
    /// a command its publication has failed, or another caller used the same text at the same time:
    /// then the order is sent once more.
    async fn dispatch_after_conflict(&self, order: PileOrder) -> Result<Dispatched, DispatchError> {
        let scope = ContextScope::Device;
        let context = self.load_context(order.pile_id, scope, &order.bound, order.keyed.as_ref()).await?;
        match self.find_published(&context, &order.bound, order.keyed.as_ref()).await? {
            Some(record) => Ok(Dispatched::Before(record)),
            None => self.dispatch_as(CommandId(Uuid::now_v7()), order).await,
        }
    }

    async fn prepare(&self, id: CommandId, order: PileOrder) -> Result<Prepared, DispatchError> {
        let PileOrder { pile_id, intent, issued_by, bound, keyed } = order;
        let early = self.routes.begin(pile_id);
        let context = self.load_context(pile_id, intent.scope(), &bound, keyed.as_ref()).await?;
        if let Some(record) = self.find_published(&context, &bound, keyed.as_ref()).await? {
            return Ok(Prepared::Known(record));
        }
        let pile = context.pile.ok_or(DispatchError::PileNotFound)?;
        if intent.is_start() && self.doubtful_starts == DoubtfulStarts::Refuse {
            pile.check_trusted()?;
        }
        let (limits, connector_id) = (intent.limits(), intent.start_connector_id());
        let kind = match intent.decide(&pile, &self.startable) {
            Ok(Decision::Send(kind)) => kind,
            Ok(Decision::WaitFor(session_id)) => {
                let way = self.routes.find(&pile, early).await?;
                let stop = self.compose_waiting(id, pile, session_id, way, issued_by);
                return Ok(Prepared::Waiting(Box::new(stop)));
            }
            Err(refusal) => return Err(self.explain(pile_id, &bound, refusal).await),
        };
        let limits = match limits {
            Some(limits) => Some(self.with_currency(limits, pile_id, connector_id).await?),
            None => None,
        };
        let way = self.routes.find(&pile, early).await?;
        Ok(Prepared::Routed(Box::new(RoutedCommand {
            pile_id,
            partition: way.route.partition,
            confidence: pile.confidence,
            goal: pile.goal_of(&kind),
            command: self.compose(id, pile.charge_point_id, way.route.clone(), kind),
            way,
            issued_by,
            keyed,
            limits,
        })))
    }

    async fn load_context(
        &self,
        pile_id: PileId,
        scope: ContextScope,
        bound: &OperatorBound,
        keyed: Option<&KeyedRequest>,
    ) -> Result<CommandContext, DispatchError> {
        let key = keyed.map(|keyed| keyed.key.clone());
        self.store.load_context(ContextQuery { pile_id, bound: bound.clone(), key, scope }).await
    }

    /// Returns the command that the same request created before, once it is known to be published.
    async fn find_published(
        &self,
        context: &CommandContext,
        bound: &OperatorBound,
        keyed: Option<&KeyedRequest>,
    ) -> Result<Option<Box<RecordedCommand>>, DispatchError> {
        if context.is_key_taken {
            return Err(DispatchError::KeyReused);
        }
        let (Some((id, digest)), Some(keyed)) = (&context.known, keyed) else { return Ok(None) };
        if !digest.is_of(&keyed.digest) {
            return Err(DispatchError::KeyReused);
        }
        let id = *id;
        let found = self.wait_for_outcome(bound, id).await?;
        let life = &found.record.life;
        match life.state() {
            CommandState::Accepted if self.is_under_way(&found) => Err(DispatchError::StillRunning),
            CommandState::Accepted | CommandState::Unknown => Err(DispatchError::OutcomeUnknown(id)),
            CommandState::Failed => match life.failure() {
                Some(failure) if failure.code == FailureCode::NotPublished => {
                    Err(DispatchError::NotPublished { id, reason: failure.detail })
                }
                _ => Ok(Some(Box::new(found))),
            },
            _ => Ok(Some(Box::new(found))),
        }
    }

    /// Returns the command with id `id` within `bound`. If its publication is in flight, waits briefly until the
    /// outcome is recorded.
    async fn wait_for_outcome(
        &self,
        bound: &OperatorBound,
        id: CommandId,
    ) -> Result<RecordedCommand, DispatchError> {
        let asked = Instant::now();
        let mut pause = SETTLING.0;
        loop {
            let found = self.store.find(bound, id).await?;
            if !self.is_under_way(&found) || asked.elapsed() + pause > SETTLING.1 {
                return Ok(found);
            }
            sleep(pause).await;
            pause *= 2;
        }
    }

    fn is_under_way(&self, found: &RecordedCommand) -> bool {
        let record = &found.record;
        record.life.state() == CommandState::Accepted && clock::now() - record.issued_at < self.patience
    }

    fn compose(
        &self,
        id: CommandId,
        charge_point_id: ChargePointId,
        route: GatewayRoute,
        kind: CommandKind,
    ) -> Command {
        // In milliseconds, like the times on the wire, so that a command has the same times
        // everywhere.
        let issued_at = clock::now().trunc_subsecs(3);
        Command {
            id,
            charge_point_id,
            gateway_id: route.gateway_id,
            kind,
            issued_at,
            expires_at: issued_at + self.ttl,
            trace_id: trace::current_trace_id(),
        }
    }
}

/// A request after its context was loaded.
enum Prepared {
    /// A command that may be sent.
    Routed(Box<RoutedCommand>),
    /// A stop that waits for the transaction id of its session.
    Waiting(Box<RecordedCommand>),
    /// The request was sent before.
    Known(Box<RecordedCommand>),
}
