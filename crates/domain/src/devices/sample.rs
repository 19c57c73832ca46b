//! The history of meters: the readings of a connector's meter, instant by instant.

use crate::event::{EventKind, GatewayEvent};
use crate::ids::{ChargePointId, ConnectorId, TransactionKey};
use crate::measure::MeterReading;
use crate::order::{RecordPosition, Stamp};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Identifies a reading: there is one per connector and instant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SampleKey {
    /// The device.
    pub charge_point_id: ChargePointId,
    /// The connector; 0 for the main meter.
    pub connector_id: ConnectorId,
    /// The instant of the reading. Microseconds.
    pub taken_at: DateTime<Utc>,
}

/// The content of a reading.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample {
    /// The measured values.
    pub reading: MeterReading,
    /// The transaction that the gateway sent with the values; `None` if it sent none. A session
    /// with another id does not count the reading: a device that sends stored readings may date
    /// them by a clock that was never set.
    pub transaction: Option<TransactionKey>,
}

/// Readings by key; each key occurs once, even if its reading was sent twice.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Samples(BTreeMap<SampleKey, Sample>);

impl Samples {
    /// Adds the readings of `event`, which the record at `position` carries. Of two readings for
    /// one instant the greater values are kept, as in [`crate::measure::keep_newer`], so that the
    /// order of arrival makes no difference.
    pub fn add_event(&mut self, event: &GatewayEvent, position: &RecordPosition) {
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

    /// Keeps the readings whose instants `wanted` accepts; returns the number of removed ones.
    pub fn retain(&mut self, wanted: impl Fn(DateTime<Utc>) -> bool) -> usize {
        let before = self.0.len();
        self.0.retain(|key, _| wanted(key.taken_at));
        before - self.0.len()
    }

    /// The readings in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&SampleKey, &Sample)> {
        self.0.iter()
    }

    /// Whether there are no readings.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
