//! Stops that wait for the transaction id of their session, and how they are sent.

use super::{Dispatched, Dispatcher};
use crate::dispatch::gateway_directory::ResolvedRoute;
use crate::dispatch::record::OutgoingCommand;
use crate::error::DispatchError;
use chrono::SubsecRound as _;
use domain::assets::OperatorBound;
use domain::commands::{
    Command, CommandKind, CommandLife, CommandRecord, CommandRefusal, Goal, PileSnapshot,
};
use domain::ids::{Actor, CommandId, SessionId, TransactionId};
use runtime::{clock, trace};
use serde_json::json;
use storage::commands::waiting::{DueStop, Release};
use storage::commands::{ContextQuery, ContextScope, KeyedRequest, RecordedCommand};

/// The OCPP 1.6 action of a stop.
const STOP: &str = "RemoteStopTransaction";

impl Dispatcher {
    /// A stop of the session with id `session_id` that waits. It is sent to the device's gateway as
    /// of its release; until then, `way` is shown.
    pub(super) fn compose_waiting(
        &self,
        id: CommandId,
        pile: PileSnapshot,
        session_id: SessionId,
        way: ResolvedRoute,
        issued_by: Option<Actor>,
    ) -> RecordedCommand {
        let issued_at = clock::now().trunc_subsecs(3);
        RecordedCommand {
            record: CommandRecord {
                id,
                pile_id: pile.pile_id,
                charge_point_id: pile.charge_point_id,
                name: STOP.to_owned(),
                goal: Some(Goal::SessionEnded { session_id }),
                gateway_id: way.route.gateway_id,
                route: Some(way.source),
                issued_by,
                issued_at,
                expires_at: issued_at + self.wait,
                life: CommandLife::waiting(issued_at),
            },
            payload: json!({}),
            partition: way.route.partition,
            trace_id: trace::current_trace_id(),
            connector_id: None,
            transaction_id: None,
            degraded: way.degraded,
            seen_gateway_id: way.seen,
            confidence: pile.confidence,
            limits: None,
        }
    }

    /// Records a stop that waits.
    pub(super) async fn record_waiting(
        &self,
        stop: Box<RecordedCommand>,
        keyed: Option<KeyedRequest>,
    ) -> Result<Dispatched, DispatchError> {
        let recorded = self.store.insert_waiting((*stop).clone(), keyed).await;
        let label = recorded.as_ref().map_or_else(DispatchError::outcome, |()| "waiting");
        self.metrics.command(STOP, label);
        recorded.map(|()| Dispatched::Waiting(stop))
    }

    /// Sends a waiting stop, whose session has the id `transaction_id` by now; `false` if it does not
    /// wait any more. It is recorded as released before it is published, so that no other replica
    /// sends it too.
    ///
    /// # Errors
    /// The pile cannot be commanded now, and the stop continues to wait; or the stop was released and
    /// is not known to be published.
    pub(crate) async fn release(
        &self,
        stop: &DueStop,
        transaction_id: TransactionId,
    ) -> Result<bool, DispatchError> {
        let query = ContextQuery {
            pile_id: stop.pile_id,
            bound: OperatorBound::All,
            key: None,
            scope: ContextScope::Device,
        };
        let context = self.store.load_context(query).await?;
        let pile = context.pile.ok_or(DispatchError::PileNotFound)?;
        if pile.charge_point_id != stop.charge_point_id {
            let (charge_point_id, session_id) = (pile.charge_point_id, stop.session_id);
            return Err(CommandRefusal::SessionNotOpen { charge_point_id, session_id }.into());
        }
        pile.check_reachable()?;
        let way = self.routes.find(&pile, None).await?;
        let now = clock::now().trunc_subsecs(3);
        let command = Command {
            id: stop.id,
            charge_point_id: pile.charge_point_id,
            gateway_id: way.route.gateway_id.clone(),
            kind: CommandKind::StopTransaction { transaction_id: transaction_id.clone() },
            issued_at: stop.issued_at,
            expires_at: now + self.ttl,
            trace_id: stop.trace_id.clone(),
        };
        let OutgoingCommand { record, payload } = OutgoingCommand::encode(&command, now)?;
        let partition = way.route.partition;
        let release = Release {
            transaction_id,
            route: way.route,
            source: way.source,
            degraded: way.degraded,
            seen_gateway_id: way.seen,
            confidence: pile.confidence,
            payload,
            expires_at: command.expires_at,
            now,
        };
        if !self.store.release(stop.clone(), release).await? {
            return Ok(false);
        }
        self.delivery.publish(&command, partition, record, None).await.map(|()| true)
    }
}
