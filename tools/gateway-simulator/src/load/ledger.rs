//! The events that a load run sent, by device. A database can be compared with it once all events
//! have arrived.

use super::device::DeviceEvent;
use crate::behaviour::Behaviour;
use chrono::{DateTime, Utc};
use domain::event::{EventKind, GatewayEvent, TransactionStart, TransactionStop};
use domain::ids::{ChargePointId, ConnectorId, EventId, GatewayId, IdTag, TransactionId};
use domain::sessions::session::StartedBy;
use domain::status::ConnectorStatus;
use std::collections::BTreeMap;

/// The events of a run. It does not contain duplicates, because they must not have an effect on the
/// database either.
#[derive(Debug, Clone, PartialEq)]
pub struct Ledger {
    /// The devices in the order of their ids.
    pub devices: Vec<DeviceLedger>,
    /// The number of events of each kind ([`EventKind::name`]).
    pub kinds: BTreeMap<&'static str, u64>,
}

/// The events of one device.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceLedger {
    /// The device.
    pub charge_point_id: ChargePointId,
    /// The pod of its last event that is not a disconnection.
    pub gateway_id: Option<GatewayId>,
    /// The last status of each connector.
    pub statuses: BTreeMap<ConnectorId, LedgerStatus>,
    /// Its transactions in the order of their starts, including those that no event has shown yet.
    pub sessions: Vec<LedgerSession>,
    /// The last heartbeat.
    pub last_heartbeat: Option<Mark>,
    /// The last event that is not a disconnection.
    pub last_event: Option<Mark>,
    /// The number of events.
    pub events: u64,
}

/// An event and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The id of the event.
    pub event_id: EventId,
    /// When it device_event.
    pub at: DateTime<Utc>,
}

/// A connector's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerStatus {
    /// The status.
    pub status: ConnectorStatus,
    /// The event that reported it.
    pub mark: Mark,
}

/// A transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerSession {
    /// Its id, whether or not the start contained it.
    pub transaction_id: Option<TransactionId>,
    /// The connector.
    pub connector_id: ConnectorId,
    /// The driver's card, if an event contains it.
    pub id_tag: Option<IdTag>,
    /// The event that showed it first; `None` while no event has.
    pub started_by: Option<StartedBy>,
    /// The start, whether or not it was sent.
    pub started: Mark,
    /// The register at the start, in Wh; if no start is sent, at the first meter values.
    pub meter_start_wh: Option<f64>,
    /// How often the meter was read.
    pub meter_values: u64,
    /// The register at the last reading, in Wh.
    pub last_energy_wh: Option<f64>,
    /// The end; `None` while it runs.
    pub stopped: Option<Mark>,
    /// The register at the end, in Wh.
    pub meter_stop_wh: Option<f64>,
}

impl Ledger {
    pub(super) fn new(charge_points: impl Iterator<Item = ChargePointId>) -> Self {
        Self { devices: charge_points.map(DeviceLedger::new).collect(), kinds: BTreeMap::new() }
    }

    /// The events of that device.
    #[must_use]
    pub fn device(&self, id: &ChargePointId) -> Option<&DeviceLedger> {
        self.devices.iter().find(|device| device.charge_point_id == *id)
    }

    /// The number of sessions that events show, open and ended.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.devices.iter().map(|device| device.shown_sessions().count()).sum()
    }

    /// Records an event that is sent.
    pub(super) fn record(&mut self, device_event: &DeviceEvent, event: &GatewayEvent, behaviour: &Behaviour) {
        *self.kinds.entry(device_event.kind.name()).or_default() += 1;
        if let Some(device) = self.devices.get_mut(device_event.device) {
            device.record(event, device_event.at, behaviour);
        }
    }

    /// Records an event that is not sent; only the start of a transaction matters.
    pub(super) fn record_unsent(&mut self, device_event: &DeviceEvent, event: &GatewayEvent) {
        if let (Some(device), EventKind::TransactionStarted(start)) =
            (self.devices.get_mut(device_event.device), &event.kind)
        {
            let started = Mark { event_id: event.event_id.clone(), at: device_event.at };
            let session = LedgerSession::from_start(start, started);
            device.sessions.push(LedgerSession {
                id_tag: None,
                started_by: None,
                meter_start_wh: None,
                ..session
            });
        }
    }
}

impl DeviceLedger {
    fn new(charge_point_id: ChargePointId) -> Self {
        Self {
            charge_point_id,
            gateway_id: None,
            statuses: BTreeMap::new(),
            sessions: Vec::new(),
            last_heartbeat: None,
            last_event: None,
            events: 0,
        }
    }

    /// Its sessions that an event has shown.
    pub fn shown_sessions(&self) -> impl Iterator<Item = &LedgerSession> {
        self.sessions.iter().filter(|session| session.started_by.is_some())
    }

    fn record(&mut self, event: &GatewayEvent, at: DateTime<Utc>, behaviour: &Behaviour) {
        let mark = Mark { event_id: event.event_id.clone(), at };
        self.events += 1;
        if event.kind.is_proof_of_life() {
            self.last_event = Some(mark.clone());
            self.gateway_id.clone_from(&event.gateway_id);
        }
        match &event.kind {
            EventKind::Heartbeat => self.last_heartbeat = Some(mark),
            EventKind::StatusChanged(report) => {
                let status = report.status;
                self.statuses.insert(report.connector_id, LedgerStatus { status, mark });
            }
            EventKind::TransactionStarted(start) => {
                self.sessions.push(LedgerSession::from_start(start, mark));
            }
            EventKind::MeterValues(values) => {
                let mut energies = values.readings.iter().filter_map(|reading| reading.energy_wh);
                if let Some(session) = self.session(values.transaction_id.as_ref()) {
                    session.meter_values += 1;
                    session.last_energy_wh = energies.next_back().or(session.last_energy_wh);
                    if session.started_by.is_none() {
                        session.started_by = Some(StartedBy::Readings);
                        session.meter_start_wh = session.last_energy_wh;
                    }
                }
            }
            EventKind::TransactionStopped(stop) => {
                self.stop(
                    &TransactionStop { meter_stop_wh: behaviour.stop_register(stop), ..stop.clone() },
                    mark,
                );
            }
            EventKind::Connected(_)
            | EventKind::TransactionUpdated(_)
            | EventKind::Disconnected { .. }
            | EventKind::CommandAnswered(_)
            | EventKind::Other { .. } => {}
        }
    }

    fn stop(&mut self, stop: &TransactionStop, mark: Mark) {
        if let Some(session) = self.session(stop.transaction_id.as_ref()) {
            session.started_by = session.started_by.or(Some(StartedBy::Stop));
            session.stopped = Some(mark);
            session.meter_stop_wh = stop.meter_stop_wh;
        }
    }

    fn session(&mut self, id: Option<&TransactionId>) -> Option<&mut LedgerSession> {
        self.sessions.iter_mut().rev().find(|session| session.transaction_id.as_ref() == id)
    }
}

impl LedgerSession {
    fn from_start(start: &TransactionStart, started: Mark) -> Self {
        Self {
            transaction_id: start.transaction_id.clone(),
            connector_id: start.connector_id,
            id_tag: start.id_tag.clone(),
            started_by: Some(StartedBy::Event),
            started,
            meter_start_wh: start.meter_start_wh,
            meter_values: 0,
            last_energy_wh: None,
            stopped: None,
            meter_stop_wh: None,
        }
    }
}
