//! The way of a command, on one screen: look, check, route, deliver.

use crate::delivery::{Delivery, RoutedCommand};
use crate::error::DispatchError;
use crate::intent::Intent;
use crate::metrics::Metrics;
use crate::routes::Routes;
use crate::settings::DispatchSettings;
use chrono::{SubsecRound as _, TimeDelta};
use domain::command::{Command, CommandKind, GatewayRoute, PileSnapshot};
use domain::ids::{ChargePointId, CommandId, PileId};
use domain::status::ConnectorStatus;
use runtime::{clock, trace};
use std::sync::Arc;
use std::time::Instant;
use storage::commands::RecordedCommand;
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
}

impl Dispatcher {
    /// A dispatcher by its parts.
    pub(crate) fn new(
        database: Database,
        routes: Routes,
        delivery: Delivery,
        metrics: Metrics,
        settings: &DispatchSettings,
    ) -> Self {
        Self {
            database,
            routes,
            delivery,
            metrics,
            startable: settings.startable_statuses.clone(),
            ttl: TimeDelta::seconds(settings.command_ttl_s.into()),
        }
    }

    /// Sends the command that `intent` leads to; once this returns, it is published.
    ///
    /// # Errors
    /// Why it was not sent, or that this is not known.
    pub(crate) async fn dispatch(
        &self,
        pile_id: PileId,
        intent: Intent,
    ) -> Result<Arc<RoutedCommand>, DispatchError> {
        let (asked, name) = (Instant::now(), intent.name());
        let routed = self
            .route(pile_id, intent)
            .await
            .inspect_err(|refused| self.metrics.command(name, refused.outcome()))?;
        self.delivery.deliver(routed, asked).await
    }

    /// The command called `id`, as it was recorded.
    ///
    /// # Errors
    /// [`DispatchError::CommandNotFound`], or the database's failure.
    pub(crate) async fn find(&self, id: CommandId) -> Result<RecordedCommand, DispatchError> {
        let found: Result<_, StorageError> = self
            .database
            .run(async move |mut connection| storage::commands::find(&mut connection, id).await)
            .await;
        found?.ok_or(DispatchError::CommandNotFound)
    }

    async fn route(&self, pile_id: PileId, intent: Intent) -> Result<RoutedCommand, DispatchError> {
        let pile = self.look_at(pile_id).await?;
        let kind = intent.into_command(&pile, &self.startable)?;
        let route = self.routes.find(&pile).await?;
        let route = route.ok_or_else(|| DispatchError::NoGateway(pile.charge_point_id.clone()))?;
        Ok(RoutedCommand {
            pile_id,
            partition: route.partition,
            command: self.compose(pile.charge_point_id, route, kind),
        })
    }

    async fn look_at(&self, pile_id: PileId) -> Result<PileSnapshot, DispatchError> {
        let pile: Result<_, StorageError> = self
            .database
            .run(async move |mut connection| storage::commands::snapshot(&mut connection, pile_id).await)
            .await;
        pile?.ok_or(DispatchError::PileNotFound)
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
