//! Live state of one connector.

use crate::event::StatusReport;
use crate::ids::{ConnectorId, EventKey, TransactionId};
use crate::latest::{self, Latest, Report};
use crate::measure::{Dated, MeterReading, keep_newer};
use crate::merged::Merged;
use crate::order::{RecordPosition, Stamp, plausible_time};
use crate::sessions::registers::Registers;
use crate::sessions::status_trail::StatusTrail;
use crate::status::ConnectorStatus;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The latest reported state of a connector.
#[derive(Debug, Clone, PartialEq)]
pub struct Connector {
    /// The connector; 0 is the charge point as a whole.
    pub id: ConnectorId,
    /// The newest status report; `None` if only readings were received.
    pub status: Option<Latest<StatusView>>,
    /// The recent statuses, which show when the connector began to charge.
    pub trail: StatusTrail,
    /// Newest active power, in W.
    pub power_w: Option<Dated<f64>>,
    /// The newest energy register, in Wh: that of [`Self::registers`].
    pub energy_wh: Option<Dated<f64>>,
    /// The energy registers of the recently read transactions.
    pub registers: Registers,
    /// Newest state of charge, in percent.
    pub soc_percent: Option<Dated<f64>>,
    /// The transaction that readings last named, and the instant since which the ledger holds it.
    /// Devices repeat the id with each reading; this saves a lookup in the ledger and adds no
    /// information.
    pub sighted: Option<Dated<TransactionId>>,
}

/// The content of a status report.
#[derive(Debug, Clone, Eq, Serialize, Deserialize)]
pub struct StatusView {
    /// The status.
    pub status: ConnectorStatus,
    /// OCPP 1.6 error code, unless `NoError`.
    pub error_code: Option<String>,
    /// Free text of the vendor.
    pub info: Option<String>,
    /// Error code of the vendor.
    pub vendor_error_code: Option<String>,
    /// The time that the report claims, if that is implausible; otherwise, and when the state was
    /// restored, `None`. Not part of the state: it is known while the report is applied.
    #[serde(skip)]
    pub implausible_at: Option<DateTime<Utc>>,
}

impl PartialEq for StatusView {
    fn eq(&self, other: &Self) -> bool {
        let Self { status, error_code, info, vendor_error_code, implausible_at: _ } = self;
        (*status, error_code, info, vendor_error_code)
            == (other.status, &other.error_code, &other.info, &other.vendor_error_code)
    }
}

impl Connector {
    /// A connector without any reported state.
    #[must_use]
    pub fn new(id: ConnectorId) -> Self {
        let trail = StatusTrail::default();
        let registers = Registers::default();
        Self {
            id,
            status: None,
            trail,
            power_w: None,
            energy_wh: None,
            registers,
            soc_percent: None,
            sighted: None,
        }
    }

    /// Applies a status report. `claimed_at` is the time that its event claims.
    pub fn report_status(
        &mut self,
        report: &StatusReport,
        event: EventKey,
        claimed_at: Option<DateTime<Utc>>,
        stamp: Stamp,
    ) -> Merged {
        self.trail.add(stamp.at, report.status);
        let value = StatusView {
            status: report.status,
            error_code: report.error_code.clone(),
            info: report.info.clone(),
            vendor_error_code: report.vendor_error_code.clone(),
            implausible_at: claimed_at.filter(|_| plausible_time(claimed_at, stamp.appended_at).is_none()),
        };
        latest::offer(&mut self.status, Report { stamp, event, value })
    }

    /// Applies a meter reading, of `transaction` if one was named; `Stale` if each of its values is
    /// older than the current one. `event_at` is the time of the event that carries the reading.
    pub fn read_meter(
        &mut self,
        transaction: Option<&TransactionId>,
        reading: &MeterReading,
        event_at: DateTime<Utc>,
        position: &RecordPosition,
    ) -> Merged {
        let at = reading.live_at(event_at, position.appended_at);
        let mut newer = false;
        for (held, offered) in
            [(&mut self.power_w, reading.power_w), (&mut self.soc_percent, reading.soc_percent)]
        {
            newer |= offered.is_some_and(|value| keep_newer(held, Dated { at, value }));
        }
        if let Some(value) = reading.energy_wh {
            self.registers.offer(transaction, Dated { at, value });
            let newest = self.registers.newest();
            newer |= newest != self.energy_wh;
            self.energy_wh = newest;
        }
        if newer { Merged::Changed } else { Merged::Stale }
    }

    /// The latest reported status; `None` if none was reported.
    #[must_use]
    pub fn reported_status(&self) -> Option<ConnectorStatus> {
        self.status.as_ref().map(|status| status.newest().value.status)
    }

    /// Whether the ledger is known to hold a sighting of `transaction` here from `at` or earlier.
    #[must_use]
    pub fn has_sighted(&self, transaction: &TransactionId, at: DateTime<Utc>) -> bool {
        self.sighted.as_ref().is_some_and(|sighted| sighted.value == *transaction && sighted.at < at)
    }
}
