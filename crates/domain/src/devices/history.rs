//! The history of a device: the changes of its statuses and its connectivity, event by event.
//!
//! It contains the changes of the live state in the order in which events were applied. Events that
//! arrive too late to change the state are not part of it, and repeated events change nothing.
//! Unlike in the [`feed`](crate::feed), which publishes the outcome of each batch, the boundaries
//! of batches make no difference.

use crate::devices::charge_point::{ChargePoint, Outcome};
use crate::devices::connector::Connector;
use crate::devices::liveness::Liveness;
use crate::event::{EventKind, GatewayEvent};
use crate::feed::{ConnectivityChanged, ConnectorStatusChanged, connectivity_change, status_change};
use crate::ids::ChargePointId;
use crate::order::RecordPosition;
use chrono::{DateTime, Utc};

/// One change of a device's status or connectivity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// The device.
    pub charge_point_id: ChargePointId,
    /// When the change happened, by the event's time.
    pub at: DateTime<Utc>,
    /// The change.
    pub change: Change,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A connector has another status or reports another error.
    Status(ConnectorStatusChanged),
    /// The device connected, disconnected or moved to another gateway.
    Connectivity(ConnectivityChanged),
}

/// Changes in the order in which they were applied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History(Vec<StatusChange>);

impl History {
    /// Changes `state` as [`ChargePoint::apply`] does, and adds the resulting changes.
    pub fn apply(
        &mut self,
        state: &mut ChargePoint,
        event: &GatewayEvent,
        position: &RecordPosition,
    ) -> Outcome {
        let liveness = state.liveness.clone();
        let connector_id = match &event.kind {
            EventKind::StatusChanged(report) => Some(report.connector_id),
            _ => None,
        };
        let connector = connector_id.and_then(|id| state.connectors.get(&id)).cloned();
        let outcome = state.apply(event, position);
        self.take_connectivity(&liveness, state);
        if let Some(now) = connector_id.and_then(|id| state.connectors.get(&id)) {
            self.take_status(&state.id, connector.as_ref(), now);
        }
        outcome
    }

    /// Adds the differences between `before` and `after`, the state after one step.
    pub fn observe(&mut self, before: &ChargePoint, after: &ChargePoint) {
        self.take_connectivity(&before.liveness, after);
        for now in after.connectors.values() {
            self.take_status(&after.id, before.connectors.get(&now.id), now);
        }
    }

    fn take_connectivity(&mut self, before: &Liveness, after: &ChargePoint) {
        if let Some((at, change)) = connectivity_change(before, &after.liveness) {
            self.push(&after.id, at, Change::Connectivity(change));
        }
    }

    fn take_status(&mut self, device: &ChargePointId, before: Option<&Connector>, after: &Connector) {
        if let Some((at, change)) = status_change(before, after) {
            self.push(device, at, Change::Status(change));
        }
    }

    fn push(&mut self, device: &ChargePointId, at: DateTime<Utc>, change: Change) {
        self.0.push(StatusChange { charge_point_id: device.clone(), at, change });
    }

    /// The changes, the earliest first.
    pub fn iter(&self) -> impl Iterator<Item = &StatusChange> {
        self.0.iter()
    }

    /// Whether there are no changes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
