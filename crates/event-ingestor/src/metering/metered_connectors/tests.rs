use super::{ConnectorKey, MeteredConnectors};
use domain::event::{EventKind, GatewayEvent, MeterValues, TransactionStart};
use domain::ids::{ChargePointId, ConnectorId, EventId};
use std::time::{Duration, Instant};

const LATER: Duration = Duration::from_secs(3_600);

fn key(device: &str, connector: i64) -> ConnectorKey {
    (ChargePointId::parse(device).unwrap(), ConnectorId::parse(connector).unwrap())
}

fn event(device: &str, kind: EventKind) -> GatewayEvent {
    GatewayEvent {
        event_id: EventId::parse("1").unwrap(),
        charge_point_id: ChargePointId::parse(device).unwrap(),
        gateway_id: None,
        claimed_at: None,
        trace_id: None,
        kind,
    }
}

fn reading(device: &str, connector: i64) -> GatewayEvent {
    let connector_id = ConnectorId::parse(connector).unwrap();
    let values = MeterValues {
        connector_id,
        transaction_id: None,
        readings: Vec::new(),
        begin_wh: None,
        end_wh: None,
    };
    event(device, EventKind::MeterValues(values))
}

fn start(device: &str, connector: i64) -> GatewayEvent {
    let start = TransactionStart {
        connector_id: ConnectorId::parse(connector).unwrap(),
        transaction_id: None,
        id_tag: None,
        meter_start_wh: None,
        reservation_id: None,
    };
    event(device, EventKind::TransactionStarted(start))
}

fn taken(connectors: &MeteredConnectors, after: Duration) -> Vec<ConnectorKey> {
    let mut taken = connectors.take(Instant::now() + after);
    taken.sort();
    taken
}

#[test]
fn readings_and_starts_are_checked_at_once_and_once() {
    let connectors = MeteredConnectors::new(true);
    let heartbeat = event("CP-3", EventKind::Heartbeat);
    let events = [reading("CP-1", 1), reading("CP-1", 2), reading("CP-1", 1), start("CP-2", 1), heartbeat];
    connectors.record(events.iter());
    let expected = [key("CP-1", 1), key("CP-1", 2), key("CP-2", 1)];
    assert_eq!(taken(&connectors, Duration::ZERO), expected);
    assert!(taken(&connectors, LATER).is_empty(), "they are checked once");
}

#[test]
fn a_reading_during_the_interval_waits_for_its_end() {
    let connectors = MeteredConnectors::new(true);
    connectors.check_after([(key("CP-1", 1), LATER)]);
    connectors.record([reading("CP-1", 1), reading("CP-1", 2)].iter());
    assert_eq!(taken(&connectors, Duration::ZERO), [key("CP-1", 2)]);
    assert_eq!(taken(&connectors, LATER), [key("CP-1", 1)]);
}

#[test]
fn no_connector_waits_beyond_the_limit_or_without_meters() {
    let connectors = MeteredConnectors { most: 1, ..MeteredConnectors::new(true) };
    connectors.record([reading("CP-1", 1), reading("CP-2", 1), reading("CP-1", 1)].iter());
    assert_eq!(taken(&connectors, Duration::ZERO), [key("CP-1", 1)]);
    let off = MeteredConnectors::new(false);
    off.record([reading("CP-1", 1)].iter());
    assert!(taken(&off, LATER).is_empty());
}
