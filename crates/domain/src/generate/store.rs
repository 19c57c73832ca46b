//! A device whose events are applied in batches; its sessions are recorded in between as storage
//! records them.

use super::{Record, at, device};
use crate::devices::charge_point::{ChargePoint, Outcome};
use crate::event::{EventKind, GatewayEvent};
use crate::ids::{SessionId, TransactionId};
use crate::order::Stamp;
use crate::sessions::session::ChargingSession;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// A device and its recorded sessions.
#[derive(Debug, Clone)]
pub struct Store {
    /// The device after the last batch.
    pub state: ChargePoint,
    /// The recorded sessions.
    pub sessions: BTreeMap<SessionId, ChargingSession>,
}

impl Default for Store {
    fn default() -> Self {
        Self { state: ChargePoint::new(device(), at(0)), sessions: BTreeMap::new() }
    }
}

impl Store {
    /// Loads the device, applies `records` and writes the changes.
    pub fn batch(&mut self, records: &[Record]) -> Vec<Outcome> {
        self.load(records);
        let before = self.state.clone();
        let outcomes = records.iter().map(|(event, position)| self.state.apply(event, position)).collect();
        let changes = self.state.changes_since(&before);
        for session in changes.sessions {
            self.sessions.insert(session.id, session);
        }
        for id in changes.withdrawn {
            self.sessions.remove(&id);
        }
        outcomes
    }

    /// The recorded sessions, the earliest first.
    #[must_use]
    pub fn recorded(&self) -> Vec<ChargingSession> {
        let mut sessions: Vec<_> = self.sessions.values().cloned().collect();
        sessions.sort_by_key(|session| (session.started_at, session.id));
        sessions
    }

    fn load(&mut self, records: &[Record]) {
        self.state.ledger.discard_recalled();
        self.state.settle();
        let Some((earliest, latest)) = span(records) else { return };
        let all = || self.sessions.values().cloned();
        if self.state.ledger.remembers_since().is_some_and(|remembered| earliest <= remembered) {
            let in_span = |held: &ChargingSession| held.started_at <= latest + TimeDelta::minutes(2);
            let mut past: Vec<_> = all().filter(in_span).collect();
            for connector in [1, 2] {
                let later = all().filter(|held| !in_span(held) && held.connector_id.number() == connector);
                past.extend(later.min_by_key(|held| held.started_at));
            }
            self.state.ledger.recall(past);
        }
        let lacking: Vec<&TransactionId> = records
            .iter()
            .filter_map(|(event, _)| named(event))
            .filter(|id| self.state.ledger.lacks(id))
            .collect();
        let is_related = |held: &ChargingSession| {
            held.is_open() || held.transaction_id.as_ref().is_some_and(|id| lacking.contains(&id))
        };
        let related = all().filter(is_related).collect();
        self.state.ledger.recall_related(related);
    }
}

fn named(event: &GatewayEvent) -> Option<&TransactionId> {
    match &event.kind {
        EventKind::MeterValues(values) => values.transaction_id.as_ref(),
        EventKind::TransactionUpdated(update) => update.transaction_id.as_ref(),
        EventKind::TransactionStopped(stop) => stop.transaction_id.as_ref(),
        _ => None,
    }
}

/// The earliest and the latest instant of the transaction facts in `records`.
fn span(records: &[Record]) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let instants = || {
        records.iter().filter_map(|(event, position)| match &event.kind {
            EventKind::TransactionStopped(stop) => Some(stop.stamp(event.claimed_at, position).at),
            EventKind::TransactionStarted(_) | EventKind::TransactionUpdated(_) => {
                Some(Stamp::new(event.claimed_at, position).at)
            }
            EventKind::MeterValues(values) if values.transaction_id.is_some() => {
                Some(Stamp::new(event.claimed_at, position).at)
            }
            _ => None,
        })
    };
    Some((instants().min()?, instants().max()?))
}
