//! The way of a command, on one screen: look, check, route, deliver.

use crate::delivery::{Delivery, RoutedCommand};
use crate::error::DispatchError;
use crate::intent::Intent;
use crate::metrics::Metrics;
use crate::routes::Routes;
use crate::settings::DispatchSettings;
use chrono::{SubsecRound as _, TimeDelta};
use domain::command::{Command, CommandKind, CommandState, GatewayRoute, Refusal};
use domain::ids::{ChargePointId, CommandId, PileId};
use domain::status::ConnectorStatus;
use runtime::{clock, trace};
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::commands::{self, Conflict, KeyedRequest, Look, RecordedCommand, Wanted};
use storage::{Database, StorageError};
use uuid::Uuid;

/// Sends commands to piles.
pub(crate) struct Dispatcher {
    database: Database,
    routes: Routes,
    delivery: Delivery,
    metrics: Metrics,
    startable: Vec<ConnectorStatus>,
    ttl: TimeDelta,
    /// How long a command may be under way to the topic.
    patience: TimeDelta,
}

/// What a request led to.
pub(crate) enum Dispatched {
    /// A new command, which is published.
    Now(Arc<RoutedCommand>),
    /// The command that the same request led to before.
    Before(Box<RecordedCommand>),
}

impl Dispatcher {
    /// A dispatcher by its parts.
    pub(crate) fn new(
        database: Database,
        routes: Routes,
        delivery: Delivery,
        metrics: Metrics,
        settings: &DispatchSettings,
        request_deadline: Duration,
    ) -> Self {
        Self {
            database,
            routes,
            delivery,
            metrics,
            startable: settings.startable_statuses.clone(),
            ttl: TimeDelta::seconds(settings.command_ttl_s.into()),
            patience: TimeDelta::from_std(request_deadline).unwrap_or(TimeDelta::MAX),
        }
    }

    /// Sends the command that `intent` leads to; once this returns, it is published. The same request under the same `key` leads
    /// to the same command.
    ///
    /// # Errors
    /// Why it was not sent, or that this is not known.
    pub(crate) async fn dispatch(
        &self,
        pile_id: PileId,
        intent: Intent,
        key: Option<String>,
    ) -> Result<Dispatched, DispatchError> {
        let (asked, name) = (Instant::now(), intent.name());
        let keyed = key.map(|key| intent.keyed(pile_id, key)).transpose()?;
        let prepared = self.prepare(pile_id, intent, keyed.clone()).await;
        let routed = match prepared.inspect_err(|refused| self.metrics.command(name, refused.outcome()))? {
            Prepared::Routed(routed) => routed,
            Prepared::Known(record) => return Ok(Dispatched::Before(record)),
        };
        let (device, connector) =
            (routed.command.charge_point_id.clone(), routed.command.kind.connector_id());
        match self.delivery.deliver(*routed, asked).await {
            Ok(sent) => Ok(Dispatched::Now(sent)),
            Err(DispatchError::Conflict(Conflict::Key)) => self.meet(pile_id, keyed).await,
            Err(DispatchError::Conflict(Conflict::StartInFlight)) => {
                let refusal = Refusal::StartInFlight {
                    charge_point_id: device,
                    connector_id: connector,
                    command_id: None,
                };
                Err(refusal.into())
            }
            Err(error) => Err(error),
        }
    }

    /// The command of a request that came in at the same time, under the same key.
    async fn meet(&self, pile_id: PileId, keyed: Option<KeyedRequest>) -> Result<Dispatched, DispatchError> {
        let look = self.look_at(pile_id, keyed.as_ref()).await?;
        match self.known(&look, keyed.as_ref()).await? {
            Some(record) => Ok(Dispatched::Before(record)),
            None => Err(DispatchError::StillRunning),
        }
    }

    /// The command called `id`, as it was recorded.
    ///
    /// # Errors
    /// [`DispatchError::CommandNotFound`], or the database's failure.
    pub(crate) async fn find(&self, id: CommandId) -> Result<RecordedCommand, DispatchError> {
        let found: Result<_, StorageError> =
            self.database.run(async move |mut connection| commands::find(&mut connection, id).await).await;
        found?.ok_or(DispatchError::CommandNotFound)
    }

    async fn prepare(
        &self,
        pile_id: PileId,
        intent: Intent,
        keyed: Option<KeyedRequest>,
    ) -> Result<Prepared, DispatchError> {
        let look = self.look_at(pile_id, keyed.as_ref()).await?;
        if let Some(record) = self.known(&look, keyed.as_ref()).await? {
            return Ok(Prepared::Known(record));
        }
        let pile = look.pile.ok_or(DispatchError::PileNotFound)?;
        let kind = intent.into_command(&pile, &self.startable)?;
        let way = self.routes.find(&pile, clock::now()).await?;
        let way = way.ok_or_else(|| DispatchError::NoGateway(pile.charge_point_id.clone()))?;
        Ok(Prepared::Routed(Box::new(RoutedCommand {
            pile_id,
            partition: way.route.partition,
            goal: pile.goal_of(&kind),
            command: self.compose(pile.charge_point_id, way.route.clone(), kind),
            way,
            keyed,
        })))
    }

    async fn look_at(&self, pile_id: PileId, keyed: Option<&KeyedRequest>) -> Result<Look, DispatchError> {
        let wanted = Wanted { pile_id, key: keyed.map(|keyed| keyed.key.clone()) };
        let looks: Result<Vec<Look>, StorageError> = self
            .database
            .run(async move |mut connection| commands::look_at_many(&mut connection, &[wanted]).await)
            .await;
        Ok(looks?.pop().unwrap_or_default())
    }

    /// The command that the same request led to before, once that is known to be published.
    async fn known(
        &self,
        look: &Look,
        keyed: Option<&KeyedRequest>,
    ) -> Result<Option<Box<RecordedCommand>>, DispatchError> {
        let (Some((id, digest)), Some(keyed)) = (look.known, keyed) else { return Ok(None) };
        if digest != keyed.digest {
            return Err(DispatchError::KeyReused);
        }
        let found = self.find(id).await?;
        let life = &found.record.life;
        match life.state() {
            CommandState::Accepted if clock::now() - found.record.issued_at < self.patience => {
                Err(DispatchError::StillRunning)
            }
            CommandState::Accepted | CommandState::Unknown => Err(DispatchError::OutcomeUnknown(id)),
            CommandState::Failed => {
                let reason = life.failure().map(|failure| failure.detail).unwrap_or_default();
                Err(DispatchError::NotPublished { id, reason })
            }
            _ => Ok(Some(Box::new(found))),
        }
    }

    fn compose(&self, charge_point_id: ChargePointId, route: GatewayRoute, kind: CommandKind) -> Command {
        // In milliseconds, like the times on the wire: then a command has the same times everywhere.
        let issued_at = clock::now().trunc_subsecs(3);
        Command {
            id: CommandId(Uuid::now_v7()),
            charge_point_id,
            gateway_id: route.gateway_id,
            kind,
            issued_at,
            expires_at: issued_at + self.ttl,
            trace_id: trace::current_trace_id(),
        }
    }
}

/// A request after the first look at it.
enum Prepared {
    /// It may be sent.
    Routed(Box<RoutedCommand>),
    /// It was sent before.
    Known(Box<RecordedCommand>),
}
