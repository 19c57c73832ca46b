//! One outlet of a charge point: its status, its meter and its transaction.

mod charging;

use super::transaction::Transaction;
use super::{Pace, Reaction};
use chrono::{DateTime, Utc};
use domain::event::{EventKind, StatusReport};
use domain::ids::ConnectorId;
use domain::status::ConnectorStatus;

/// An outlet.
#[derive(Debug, Clone)]
pub struct Connector {
    id: ConnectorId,
    max_power_w: f64,
    status: ConnectorStatus,
    error_code: Option<String>,
    register_wh: f64,
    transaction: Option<Transaction>,
    /// Whether it is out of service, or will be after the transaction.
    out_of_service: bool,
    /// When the vehicle leaves by itself after a transaction.
    leaves_at: Option<DateTime<Utc>>,
}

impl Connector {
    pub(super) fn new(id: ConnectorId, max_power_kw: f64, register_wh: f64) -> Self {
        Self {
            id,
            max_power_w: max_power_kw * 1_000.0,
            status: ConnectorStatus::Available,
            error_code: None,
            register_wh,
            transaction: None,
            out_of_service: false,
            leaves_at: None,
        }
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> ConnectorId {
        self.id
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> ConnectorStatus {
        self.status
    }

    /// The running transaction.
    #[must_use]
    pub const fn transaction(&self) -> Option<&Transaction> {
        self.transaction.as_ref()
    }

    /// Whether a transaction can begin.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.transaction.is_none()
            && matches!(self.status, ConnectorStatus::Available | ConnectorStatus::Preparing)
    }

    /// The event that reports its status.
    pub(super) fn status_event(&self) -> EventKind {
        EventKind::StatusChanged(StatusReport {
            connector_id: self.id,
            status: self.status,
            error_code: self.error_code.clone(),
            info: None,
            vendor_error_code: None,
        })
    }

    pub(super) fn set(&mut self, status: ConnectorStatus, error_code: Option<String>) {
        self.status = status;
        self.error_code = error_code;
        self.leaves_at = None;
    }

    pub(super) fn plug_in(&mut self, reaction: &mut Reaction) {
        if self.status == ConnectorStatus::Available {
            self.change(ConnectorStatus::Preparing, reaction);
        }
    }

    pub(super) fn unplug(&mut self, now: DateTime<Utc>, reaction: &mut Reaction) {
        self.stop("EVDisconnected", now, reaction);
        if matches!(self.status, ConnectorStatus::Preparing | ConnectorStatus::Finishing) {
            self.change(ConnectorStatus::Available, reaction);
        }
    }

    /// Takes it into or out of service; returns whether that had to be postponed.
    pub(super) fn set_in_service(&mut self, in_service: bool, reaction: &mut Reaction) -> bool {
        self.out_of_service = !in_service;
        if self.transaction.is_some() {
            return !in_service;
        }
        match (in_service, self.status) {
            // It stays faulted until it is repaired, also while out of service.
            (_, ConnectorStatus::Faulted) => {}
            (false, _) => self.change(ConnectorStatus::Unavailable, reaction),
            (true, ConnectorStatus::Unavailable) => self.change(ConnectorStatus::Available, reaction),
            (true, _) => {}
        }
        false
    }

    /// After a restart no fault remains.
    pub(super) fn restart(&mut self) {
        self.transaction = None;
        self.set(self.idle_status(), None);
    }

    pub(super) fn tick(&mut self, now: DateTime<Utc>, reaction: &mut Reaction) {
        if self.leaves_at.is_some_and(|due| due <= now) {
            self.leaves_at = None;
            self.unplug(now, reaction);
        }
        let running = self.transaction.as_mut();
        if running.is_some_and(|running| running.sample_due.take_if(|due| *due <= now).is_some()) {
            self.read_meter(now, reaction);
        }
    }

    /// Sets the timers of its current status.
    pub(super) fn set_timers(&mut self, pace: &Pace, now: DateTime<Utc>) {
        if let Some(running) = self.transaction.as_mut() {
            running.sample_due = running.sample_due.or_else(|| pace.meter.map(|interval| now + interval));
        } else if self.status == ConnectorStatus::Finishing {
            self.leaves_at = self.leaves_at.or_else(|| pace.finishing.map(|stay| now + stay));
        }
    }

    /// The time of the next meter values must be determined again.
    pub(super) fn reset_sample_timer(&mut self) {
        if let Some(running) = self.transaction.as_mut() {
            running.sample_due = None;
        }
    }

    pub(super) fn due(&self) -> Option<DateTime<Utc>> {
        let sample_due = self.transaction.as_ref().and_then(|running| running.sample_due);
        [self.leaves_at, sample_due].into_iter().flatten().min()
    }

    fn change(&mut self, status: ConnectorStatus, reaction: &mut Reaction) {
        let status = match status {
            ConnectorStatus::Available => self.idle_status(),
            other => other,
        };
        if self.status != status || self.error_code.is_some() {
            self.set(status, None);
            reaction.events.push(self.status_event());
        }
    }

    /// Its status without a vehicle and without a fault.
    pub(crate) fn idle_status(&self) -> ConnectorStatus {
        if self.out_of_service { ConnectorStatus::Unavailable } else { ConnectorStatus::Available }
    }
}
