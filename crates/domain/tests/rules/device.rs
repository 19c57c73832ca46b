//! A charge point under test, and the events that it reports.

use chrono::{DateTime, Utc};
use domain::devices::charge_point::{ChargePoint, Outcome};
use domain::event::{EventKind, GatewayEvent, MeterValues, StatusReport, TransactionStart, TransactionStop};
use domain::ids::{ChargePointId, ConnectorId, EventId, GatewayId, IdTag, TransactionId};
use domain::measure::MeterReading;
use domain::order::RecordPosition;
use domain::sessions::session::ChargingSession;
use domain::status::ConnectorStatus;

/// A charge point under test, and the read position of its partition.
pub struct Device {
    pub state: ChargePoint,
    pub offset: i64,
    pub partition: i32,
}

pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

pub fn id() -> ChargePointId {
    ChargePointId::parse("CP-1").unwrap()
}

impl Device {
    pub fn new() -> Self {
        Self { state: ChargePoint::new(id(), at(0)), offset: 0, partition: 0 }
    }

    /// Reports an event that claims `seconds` and is appended at that time.
    pub fn report(&mut self, seconds: i64, pod: &str, kind: EventKind) -> Outcome {
        self.report_claiming(Some(at(seconds)), at(seconds), pod, kind)
    }

    pub fn report_claiming(
        &mut self,
        claimed_at: Option<DateTime<Utc>>,
        appended_at: DateTime<Utc>,
        pod: &str,
        kind: EventKind,
    ) -> Outcome {
        self.offset += 1;
        let position = RecordPosition { partition: self.partition, offset: self.offset, appended_at };
        self.apply(claimed_at, &position, pod, kind)
    }

    /// Applies an event whose id is derived from its offset.
    pub fn apply(
        &mut self,
        claimed_at: Option<DateTime<Utc>>,
        position: &RecordPosition,
        pod: &str,
        kind: EventKind,
    ) -> Outcome {
        let event = GatewayEvent {
            event_id: EventId::parse(&format!("event-{}", position.offset)).unwrap(),
            charge_point_id: id(),
            gateway_id: GatewayId::parse(pod).ok(),
            claimed_at,
            trace_id: None,
            kind,
        };
        self.state.apply(&event, position)
    }

    pub fn status(&self, connector: i64) -> ConnectorStatus {
        let id = ConnectorId::parse(connector).unwrap();
        self.state.connectors[&id].status.as_ref().unwrap().newest().value.status
    }

    pub fn sessions(&self) -> Vec<ChargingSession> {
        self.state.sessions().sessions
    }
}

pub fn status(connector: i64, status: ConnectorStatus) -> EventKind {
    EventKind::StatusChanged(StatusReport {
        connector_id: ConnectorId::parse(connector).unwrap(),
        status,
        error_code: None,
        info: None,
        vendor_error_code: None,
    })
}

pub fn transaction(raw: &str) -> Option<TransactionId> {
    TransactionId::parse(raw).ok()
}

pub fn started(connector: i64, id: &str) -> EventKind {
    EventKind::TransactionStarted(TransactionStart {
        connector_id: ConnectorId::parse(connector).unwrap(),
        transaction_id: transaction(id),
        id_tag: IdTag::parse("TAG").ok(),
        meter_start_wh: Some(1_000.0),
        reservation_id: None,
    })
}

pub fn started_without_meter(connector: i64, id: &str) -> EventKind {
    EventKind::TransactionStarted(TransactionStart {
        connector_id: ConnectorId::parse(connector).unwrap(),
        transaction_id: transaction(id),
        id_tag: None,
        meter_start_wh: None,
        reservation_id: None,
    })
}

pub fn metered(connector: i64, id: &str) -> EventKind {
    EventKind::MeterValues(MeterValues {
        connector_id: ConnectorId::parse(connector).unwrap(),
        transaction_id: transaction(id),
        readings: Vec::new(),
        begin_wh: None,
        end_wh: None,
    })
}

pub fn stopped(id: &str) -> EventKind {
    EventKind::TransactionStopped(TransactionStop {
        transaction_id: transaction(id),
        reason: Some("Remote".to_owned()),
        meter_stop_wh: Some(3_500.0),
        stopped_at: None,
    })
}

pub fn stopped_without_meter(id: &str) -> EventKind {
    EventKind::TransactionStopped(TransactionStop {
        transaction_id: transaction(id),
        reason: None,
        meter_stop_wh: None,
        stopped_at: None,
    })
}

/// Registers with a transaction id: during the transaction, at its beginning and at its end.
pub fn metered_at(
    connector: i64,
    id: &str,
    live_wh: Option<f64>,
    begin_wh: Option<f64>,
    end_wh: Option<f64>,
) -> EventKind {
    let reading = |energy_wh| MeterReading { energy_wh: Some(energy_wh), ..MeterReading::default() };
    EventKind::MeterValues(MeterValues {
        connector_id: ConnectorId::parse(connector).unwrap(),
        transaction_id: transaction(id),
        readings: live_wh.map(reading).into_iter().collect(),
        begin_wh,
        end_wh,
    })
}

/// A reading of the energy register with a transaction id.
pub fn read(connector: i64, id: &str, energy_wh: f64) -> EventKind {
    let reading = MeterReading { energy_wh: Some(energy_wh), ..MeterReading::default() };
    EventKind::MeterValues(MeterValues {
        connector_id: ConnectorId::parse(connector).unwrap(),
        transaction_id: transaction(id),
        readings: vec![reading],
        begin_wh: None,
        end_wh: None,
    })
}

fn start_of(connector: i64, id: &str, tag: Option<&str>) -> TransactionStart {
    TransactionStart {
        connector_id: ConnectorId::parse(connector).unwrap(),
        transaction_id: transaction(id),
        id_tag: tag.and_then(|tag| IdTag::parse(tag).ok()),
        meter_start_wh: Some(1_000.0),
        reservation_id: None,
    }
}

/// A start of the driver `tag`; `None` if no driver is reported.
pub fn started_by(connector: i64, id: &str, tag: Option<&str>) -> EventKind {
    EventKind::TransactionStarted(start_of(connector, id, tag))
}

/// An update of the driver `tag`; `None` if no driver is reported.
pub fn updated_by(connector: i64, id: &str, tag: Option<&str>) -> EventKind {
    EventKind::TransactionUpdated(start_of(connector, id, tag))
}
