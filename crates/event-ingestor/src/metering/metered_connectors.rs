//! The connectors with new readings: collected in memory as batches are written, so that the publisher
//! reads only sessions that may have a meter to publish, and no batch writes anything for it.

use domain::event::{EventKind, GatewayEvent};
use domain::ids::{ChargePointId, ConnectorId};
use runtime::lock::MutexExt as _;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A connector of a device.
pub(super) type ConnectorKey = (ChargePointId, ConnectorId);

/// The most connectors that wait, some 20 MB. Others wait for their next reading.
const MOST: usize = 200_000;

/// The connectors with readings that may not be published yet, each with the time at which its session
/// is checked.
#[derive(Debug)]
pub(crate) struct MeteredConnectors {
    most: usize,
    waiting: Mutex<HashMap<ConnectorKey, Instant>>,
}

impl MeteredConnectors {
    /// None waits; none ever does if meters are not published.
    pub(crate) fn new(are_published: bool) -> Self {
        Self { most: if are_published { MOST } else { 0 }, waiting: Mutex::default() }
    }

    /// Records connectors after their events were written: those with a reading, or with a start, which
    /// may arrive after the first reading. They are checked at once, unless they wait already.
    pub(crate) fn record<'a>(&self, events: impl Iterator<Item = &'a GatewayEvent>) {
        let now = Instant::now();
        let key = |event: &GatewayEvent| {
            let connector = connector(&event.kind)?;
            Some((event.charge_point_id.clone(), connector))
        };
        self.check_at(events.filter_map(|event| Some((key(event)?, now))));
    }

    /// Checks the sessions of these connectors after these times. Connectors that wait already keep
    /// their time.
    pub(super) fn check_after(&self, later: impl IntoIterator<Item = (ConnectorKey, Duration)>) {
        let now = Instant::now();
        self.check_at(later.into_iter().map(|(key, pause)| (key, now + pause)));
    }

    fn check_at(&self, connectors: impl Iterator<Item = (ConnectorKey, Instant)>) {
        let mut waiting = self.waiting.locked();
        for (key, at) in connectors {
            if waiting.len() < self.most || waiting.contains_key(&key) {
                waiting.entry(key).or_insert(at);
            }
        }
    }

    /// Removes and returns the connectors whose sessions must be checked at `now`.
    pub(super) fn take(&self, now: Instant) -> Vec<ConnectorKey> {
        self.waiting.locked().extract_if(|_key, at| *at <= now).map(|(key, _at)| key).collect()
    }
}

const fn connector(kind: &EventKind) -> Option<ConnectorId> {
    match kind {
        EventKind::MeterValues(values) => Some(values.connector_id),
        EventKind::TransactionStarted(start) | EventKind::TransactionUpdated(start) => {
            Some(start.connector_id)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
