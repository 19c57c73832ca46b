//! The connectors of one device: their last statuses, and transactions without a start.

use domain::event::{EventKind, StatusReport};
use domain::ids::{ConnectorId, TransactionId};
use domain::status::ConnectorStatus;
use std::collections::{BTreeMap, VecDeque};

/// The number of transaction ids that are remembered per device.
const REMEMBERED: usize = 16;
/// The number of connectors that are remembered per device.
const CONNECTORS: usize = 64;

/// The connectors of a device, and the transactions that were judged.
#[derive(Debug, Clone, Default)]
pub(super) struct Transactions {
    connectors: BTreeMap<ConnectorId, Connector>,
    judged: VecDeque<TransactionId>,
}

/// The reported state of a connector.
#[derive(Debug, Clone, Default)]
struct Connector {
    status: Option<(ConnectorStatus, Option<String>)>,
    /// Whether it was observed as free, and none of its transactions was judged since: the next
    /// transaction began during the observation.
    was_free: bool,
    /// Whether it has charged since.
    charges: bool,
    /// Whether a transaction was started on it since.
    is_started: bool,
}

/// The first event of a transaction that began during the observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FirstEvent {
    pub(super) id: TransactionId,
    /// Whether `transaction.started` came before.
    pub(super) is_started: bool,
}

impl Transactions {
    /// A connector whose status was reported, if there is any.
    pub(super) fn reported_connector(&self) -> Option<ConnectorId> {
        let mut reported = self.connectors.iter().filter(|(id, it)| !id.is_whole() && it.status.is_some());
        reported.next().map(|(id, _)| *id)
    }

    /// Whether the report repeats the known status, as after a TriggerMessage, or is the first one
    /// of its connector.
    pub(super) fn is_restated(&self, report: &StatusReport) -> bool {
        let known = self.connectors.get(&report.connector_id).and_then(|it| it.status.as_ref());
        known.is_none_or(|(status, error)| *status == report.status && *error == report.error_code)
    }

    /// Records an event. Returns the transaction that it shows for the first time, if that began
    /// during the observation.
    pub(super) fn observe_event(&mut self, event: &EventKind) -> Option<FirstEvent> {
        match event {
            EventKind::StatusChanged(report) => {
                self.report(report);
                None
            }
            EventKind::TransactionStarted(start) => {
                let connector = self.connector(start.connector_id)?;
                connector.is_started = true;
                let id = start.transaction_id.clone()?;
                self.first_event_of(id, Some(start.connector_id))
            }
            EventKind::MeterValues(values) => {
                self.first_event_of(values.transaction_id.clone()?, Some(values.connector_id))
            }
            EventKind::TransactionStopped(stop) => self.first_event_of(stop.transaction_id.clone()?, None),
            _ => None,
        }
    }

    fn report(&mut self, report: &StatusReport) {
        let Some(connector) = self.connector(report.connector_id) else { return };
        connector.status = Some((report.status, report.error_code.clone()));
        match report.status {
            ConnectorStatus::Available => {
                *connector =
                    Connector { was_free: true, status: connector.status.take(), ..Connector::default() };
            }
            ConnectorStatus::Preparing => connector.was_free = true,
            ConnectorStatus::Charging | ConnectorStatus::SuspendedEV | ConnectorStatus::SuspendedEVSE => {
                connector.charges = connector.was_free;
            }
            _ => {}
        }
    }

    /// A stop names no connector: it belongs to one that began to charge.
    fn first_event_of(&mut self, id: TransactionId, at: Option<ConnectorId>) -> Option<FirstEvent> {
        if self.judged.contains(&id) {
            return None;
        }
        self.judged.push_back(id.clone());
        if self.judged.len() > REMEMBERED {
            self.judged.pop_front();
        }
        let connector = match at {
            Some(at) => self.connectors.get_mut(&at),
            None => self.connectors.values_mut().find(|it| it.charges || it.is_started),
        }?;
        let is_started = connector.is_started;
        let is_judged = is_started || connector.was_free;
        *connector = Connector { status: connector.status.take(), ..Connector::default() };
        is_judged.then_some(FirstEvent { id, is_started })
    }

    fn connector(&mut self, id: ConnectorId) -> Option<&mut Connector> {
        if !self.connectors.contains_key(&id) && self.connectors.len() >= CONNECTORS {
            return None;
        }
        Some(self.connectors.entry(id).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::{MeterValues, TransactionStart, TransactionStop};

    fn connector() -> ConnectorId {
        ConnectorId::parse(1).unwrap()
    }

    fn id(number: i64) -> TransactionId {
        TransactionId::parse(&number.to_string()).unwrap()
    }

    fn status(status: ConnectorStatus) -> EventKind {
        EventKind::StatusChanged(report(status))
    }

    fn report(status: ConnectorStatus) -> StatusReport {
        StatusReport {
            connector_id: connector(),
            status,
            error_code: None,
            info: None,
            vendor_error_code: None,
        }
    }

    fn started(transaction_id: Option<TransactionId>) -> EventKind {
        EventKind::TransactionStarted(TransactionStart {
            connector_id: connector(),
            transaction_id,
            id_tag: None,
            meter_start_wh: None,
            reservation_id: None,
        })
    }

    fn read(number: i64) -> EventKind {
        let transaction_id = Some(id(number));
        EventKind::MeterValues(MeterValues {
            connector_id: connector(),
            transaction_id,
            readings: vec![],
            begin_wh: None,
            end_wh: None,
        })
    }

    fn stopped(number: i64) -> EventKind {
        EventKind::TransactionStopped(TransactionStop {
            transaction_id: Some(id(number)),
            reason: None,
            meter_stop_wh: None,
            stopped_at: None,
        })
    }

    /// What the last of the events shows.
    fn last(events: &[EventKind]) -> Option<FirstEvent> {
        let mut transactions = Transactions::default();
        events.iter().map(|event| transactions.observe_event(event)).last().flatten()
    }

    fn first_event(number: i64, is_started: bool) -> Option<FirstEvent> {
        Some(FirstEvent { id: id(number), is_started })
    }

    #[test]
    fn finds_a_transaction_without_a_start_by_meter_values_or_its_stop() {
        use ConnectorStatus::{Available, Charging};
        assert_eq!(last(&[status(Available), status(Charging), read(7)]), first_event(7, false));
        assert_eq!(last(&[status(Available), status(Charging), stopped(7)]), first_event(7, false));
        assert_eq!(last(&[status(Available), status(Charging), read(7), stopped(7)]), None, "reported once");
    }

    #[test]
    fn accepts_a_start_with_or_without_an_id() {
        use ConnectorStatus::{Charging, Preparing};
        assert_eq!(last(&[status(Preparing), started(Some(id(7)))]), first_event(7, true));
        assert_eq!(
            last(&[status(Preparing), started(None), status(Charging), read(7)]),
            first_event(7, true)
        );
        assert_eq!(last(&[started(None), stopped(7)]), first_event(7, true));
    }

    #[test]
    fn does_not_judge_transactions_that_began_before_the_check() {
        use ConnectorStatus::Charging;
        assert_eq!(last(&[read(7)]), None);
        assert_eq!(last(&[status(Charging), read(7)]), None);
        assert_eq!(last(&[status(Charging), stopped(7)]), None);
        assert_eq!(last(&[read(7), status(ConnectorStatus::Available), read(8)]), first_event(8, false));
    }

    #[test]
    fn a_status_is_restated_if_it_repeats_the_known_one() {
        let mut transactions = Transactions::default();
        assert!(transactions.is_restated(&report(ConnectorStatus::Available)), "nothing was known");
        transactions.observe_event(&status(ConnectorStatus::Available));
        assert!(transactions.is_restated(&report(ConnectorStatus::Available)));
        assert!(!transactions.is_restated(&report(ConnectorStatus::Charging)));
        assert_eq!(transactions.reported_connector(), Some(connector()));
    }
}
