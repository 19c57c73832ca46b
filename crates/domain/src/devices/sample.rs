//! The history of meters: what a connector's meter said, instant by instant.

use crate::event::{EventKind, GatewayEvent};
use crate::ids::{ChargePointId, ConnectorId, TransactionKey};
use crate::measure::MeterReading;
use crate::order::{RecordPosition, Stamp};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Which reading: there is one for each connector and instant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SampleKey {
    /// The device.
    pub charge_point_id: ChargePointId,
    /// The connector; 0 for the main meter.
    pub connector_id: ConnectorId,
    /// The instant. Microseconds.
    pub taken_at: DateTime<Utc>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample {
    /// The values.
    pub reading: MeterReading,
    /// The transaction that the gateway sent with them; `None` when it sent none. A session with another id does not count the
    /// reading: a device that sends what it has stored may date it by a clock that was never set.
    pub transaction: Option<TransactionKey>,
}

/// Readings by what they are of; each there once, even if it was sent twice.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Samples(BTreeMap<SampleKey, Sample>);

impl Samples {
    /// Takes in what `event`, told by the record at `position`, reads. Of two readings for the same instant the greater
    /// values stand, as in [`crate::measure::keep_newer`], so that it does not matter which came first.
    pub fn take(&mut self, event: &GatewayEvent, position: &RecordPosition) {
        let EventKind::MeterValues(values) = &event.kind else { return };
        let transaction = values.transaction_id.as_ref().map(TransactionKey::of);
        let event_at = Stamp::new(event.claimed_at, position).at;
        for reading in values.readings.iter().filter(|reading| reading.says_something()) {
            let key = SampleKey {
                charge_point_id: event.charge_point_id.clone(),
                connector_id: values.connector_id,
                taken_at: reading.at(event_at, position.appended_at),
            };
            let sample = self.0.entry(key).or_default();
            sample.reading.merge(reading);
            sample.transaction = sample.transaction.max(transaction);
        }
    }

    /// Keeps those of instants that `wanted` says; answers how many others there were.
    pub fn keep(&mut self, wanted: impl Fn(DateTime<Utc>) -> bool) -> usize {
        let before = self.0.len();
        self.0.retain(|key, _| wanted(key.taken_at));
        before - self.0.len()
    }

    /// The readings in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&SampleKey, &Sample)> {
        self.0.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
