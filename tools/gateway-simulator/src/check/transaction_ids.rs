//! The transaction ids of one device: whether each identifies one transaction.

use chrono::{DateTime, Utc};
use domain::event::EventKind;
use domain::ids::{ConnectorId, TransactionId};
use domain::status::ConnectorStatus;
use std::collections::VecDeque;

/// The number of transaction ids that are remembered per device.
const REMEMBERED: usize = 16;

/// The latest transaction ids of a device.
#[derive(Debug, Clone, Default)]
pub(super) struct TransactionIds(VecDeque<IdUse>);

/// Whether an id was used before for another transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reuse {
    /// It was not.
    No,
    /// This id was.
    Of(TransactionId),
}

/// The transaction of an id, as far as events have shown it.
#[derive(Debug, Clone)]
struct IdUse {
    id: TransactionId,
    /// The connector, once an event has named it.
    connector: Option<ConnectorId>,
    /// The time of its start, once a start has named the id.
    started_at: Option<DateTime<Utc>>,
    /// The time of its stop.
    stopped_at: Option<DateTime<Utc>>,
    /// Whether its connector began to charge after the stop.
    is_over: bool,
}

impl TransactionIds {
    /// Records an event of that time. `None` if it names no transaction.
    pub(super) fn observe_event(&mut self, event: &EventKind, at: DateTime<Utc>) -> Option<Reuse> {
        match event {
            EventKind::StatusChanged(report) => {
                if report.status == ConnectorStatus::Charging {
                    self.observe_charging(report.connector_id, at);
                }
                None
            }
            EventKind::TransactionStarted(start) => {
                let connector = start.connector_id;
                Some(self.update(start.transaction_id.as_ref()?, |held| held.start(connector, at)))
            }
            EventKind::TransactionUpdated(update) => {
                let connector = update.connector_id;
                Some(self.update(update.transaction_id.as_ref()?, |held| held.read(connector)))
            }
            EventKind::MeterValues(values) => {
                let connector = values.connector_id;
                Some(self.update(values.transaction_id.as_ref()?, |held| held.read(connector)))
            }
            EventKind::TransactionStopped(stop) => {
                Some(self.update(stop.transaction_id.as_ref()?, |held| held.stop(at)))
            }
            _ => None,
        }
    }

    fn observe_charging(&mut self, connector: ConnectorId, at: DateTime<Utc>) {
        for held in &mut self.0 {
            let is_after = held.stopped_at.is_some_and(|stopped| stopped < at);
            held.is_over |= is_after && held.connector == Some(connector);
        }
    }

    /// Applies `change` to the use of `id`; `change` returns whether the id belongs to
    /// another transaction now.
    fn update(&mut self, id: &TransactionId, change: impl FnOnce(&mut IdUse) -> bool) -> Reuse {
        let found = self.0.iter().position(|held| held.id == *id);
        let mut held = found.and_then(|index| self.0.remove(index)).unwrap_or_else(|| IdUse::new(id.clone()));
        let is_reused = change(&mut held);
        self.0.truncate(REMEMBERED - 1);
        self.0.push_front(held);
        if is_reused { Reuse::Of(id.clone()) } else { Reuse::No }
    }
}

impl IdUse {
    const fn new(id: TransactionId) -> Self {
        Self { id, connector: None, started_at: None, stopped_at: None, is_over: false }
    }

    /// A start at another time or on another connector is another transaction, even if the first
    /// one has not ended.
    fn start(&mut self, connector: ConnectorId, at: DateTime<Utc>) -> bool {
        let is_reused = self.is_elsewhere(connector)
            || self.stopped_at.is_some_and(|stopped| stopped < at)
            || self.started_at.is_some_and(|started| started != at);
        if is_reused {
            *self = Self::new(self.id.clone());
        }
        (self.connector, self.started_at) = (Some(connector), Some(at));
        is_reused
    }

    fn read(&mut self, connector: ConnectorId) -> bool {
        let is_reused = self.is_over || self.is_elsewhere(connector);
        if is_reused {
            *self = Self::new(self.id.clone());
        }
        self.connector = Some(connector);
        is_reused
    }

    fn stop(&mut self, at: DateTime<Utc>) -> bool {
        let is_reused = self.is_over;
        (self.stopped_at, self.is_over) = (Some(at), false);
        is_reused
    }

    fn is_elsewhere(&self, connector: ConnectorId) -> bool {
        self.connector.is_some_and(|known| known != connector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::{MeterValues, StatusReport, TransactionStart, TransactionStop};

    fn connector(number: i64) -> ConnectorId {
        ConnectorId::parse(number).unwrap()
    }

    fn id(number: i64) -> Option<TransactionId> {
        TransactionId::parse(&number.to_string()).ok()
    }

    fn start(at: i64, number: i64, transaction: i64) -> (i64, EventKind) {
        let start = TransactionStart {
            connector_id: connector(number),
            transaction_id: id(transaction),
            id_tag: None,
            meter_start_wh: None,
            reservation_id: None,
        };
        (at, EventKind::TransactionStarted(start))
    }

    fn read(at: i64, number: i64, transaction: i64) -> (i64, EventKind) {
        let values = MeterValues {
            connector_id: connector(number),
            transaction_id: id(transaction),
            readings: vec![],
            begin_wh: None,
            end_wh: None,
        };
        (at, EventKind::MeterValues(values))
    }

    fn stop(at: i64, transaction: i64) -> (i64, EventKind) {
        let stop = TransactionStop {
            transaction_id: id(transaction),
            reason: None,
            meter_stop_wh: None,
            stopped_at: None,
        };
        (at, EventKind::TransactionStopped(stop))
    }

    fn charging(at: i64, number: i64) -> (i64, EventKind) {
        let report = StatusReport {
            connector_id: connector(number),
            status: ConnectorStatus::Charging,
            error_code: None,
            info: None,
            vendor_error_code: None,
        };
        (at, EventKind::StatusChanged(report))
    }

    fn reuses(events: &[(i64, EventKind)]) -> usize {
        let mut ids = TransactionIds::default();
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let reuses = events.iter().filter_map(|(seconds, kind)| ids.observe_event(kind, at(*seconds)));
        reuses.filter(|reuse| *reuse != Reuse::No).count()
    }

    #[test]
    fn accepts_an_id_of_one_transaction() {
        assert_eq!(reuses(&[charging(1, 1), start(2, 1, 7), read(3, 1, 7), stop(4, 7), read(5, 1, 7)]), 0);
        assert_eq!(reuses(&[start(2, 1, 7), start(2, 1, 7)]), 0, "reported twice");
        assert_eq!(reuses(&[stop(4, 7), start(2, 1, 7)]), 0, "the start came late");
        assert_eq!(reuses(&[start(2, 1, 7), stop(3, 7), start(4, 1, 8), stop(5, 8)]), 0);
        assert_eq!(reuses(&[read(2, 1, 7), stop(4, 7), charging(3, 1), read(5, 1, 7)]), 0, "a late status");
    }

    #[test]
    fn reports_a_constant_id() {
        assert_eq!(reuses(&[start(2, 1, 1), stop(3, 1), start(4, 1, 1), stop(5, 1)]), 1);
        assert_eq!(reuses(&[start(2, 1, 1), start(9, 1, 1)]), 1, "the first was never stopped");
        assert_eq!(reuses(&[start(2, 1, 1), start(2, 2, 1)]), 1, "on two connectors");
        assert_eq!(reuses(&[read(2, 1, 1), read(3, 2, 1)]), 1);
        assert_eq!(reuses(&[read(2, 1, 1), stop(3, 1), charging(4, 1), read(5, 1, 1), stop(6, 1)]), 1);
        assert_eq!(reuses(&[read(2, 1, 1), stop(3, 1), charging(4, 1), stop(6, 1)]), 1, "no reading between");
    }

    #[test]
    fn remembers_a_limited_number_of_ids() {
        let many: Vec<_> = (1..=17).map(|id| start(id, 1, id)).collect();
        assert_eq!(reuses(&[many.clone(), vec![start(99, 1, 1)]].concat()), 0, "forgotten");
        assert_eq!(reuses(&[many, vec![start(99, 1, 2)]].concat()), 1);
    }
}
