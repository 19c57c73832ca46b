//! The names of the event types, with the aliases of the contract and of deployed gateways.

use domain::event::EventKind;

/// The event types that change state; an event of any other type is only a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventType {
    Connected,
    Disconnected,
    Heartbeat,
    StatusChanged,
    TransactionStarted,
    TransactionUpdated,
    MeterValues,
    TransactionStopped,
    CommandAnswered,
}

/// All accepted names; the first one of a type is the name to send.
const NAMES: [(&str, EventType); 23] = [
    ("charge_point.connected", EventType::Connected),
    ("charge_point.registered", EventType::Connected),
    ("device.online", EventType::Connected),
    ("DeviceOnlineEvent", EventType::Connected),
    ("charge_point.disconnected", EventType::Disconnected),
    ("device.offline", EventType::Disconnected),
    ("DeviceOfflineEvent", EventType::Disconnected),
    ("charge_point.heartbeat", EventType::Heartbeat),
    ("HeartbeatEvent", EventType::Heartbeat),
    ("connector.status_changed", EventType::StatusChanged),
    ("charge_point.status_changed", EventType::StatusChanged),
    ("StatusNotificationEvent", EventType::StatusChanged),
    ("transaction.started", EventType::TransactionStarted),
    ("TransactionStartedEvent", EventType::TransactionStarted),
    ("transaction.updated", EventType::TransactionUpdated),
    ("transaction.meter_values", EventType::MeterValues),
    ("meter_values.received", EventType::MeterValues),
    ("MeterValuesEvent", EventType::MeterValues),
    ("transaction.stopped", EventType::TransactionStopped),
    ("TransactionStoppedEvent", EventType::TransactionStopped),
    ("command.response", EventType::CommandAnswered),
    ("remote_command.executed", EventType::CommandAnswered),
    ("CommandResponseEvent", EventType::CommandAnswered),
];

impl EventType {
    /// The type with the given name, in any case.
    pub(super) fn named(name: &str) -> Option<Self> {
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, event_type)| *event_type)
    }

    /// The name that the contract lists first.
    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, event_type)| *event_type == self).map_or("", |(name, _)| name)
    }
}

/// The `eventType` to send for `kind`: the name that the contract lists first.
#[must_use]
pub fn event_type(kind: &EventKind) -> &str {
    let event_type = match kind {
        EventKind::Connected(_) => EventType::Connected,
        EventKind::Disconnected { .. } => EventType::Disconnected,
        EventKind::Heartbeat => EventType::Heartbeat,
        EventKind::StatusChanged(_) => EventType::StatusChanged,
        EventKind::TransactionStarted(_) => EventType::TransactionStarted,
        EventKind::TransactionUpdated(_) => EventType::TransactionUpdated,
        EventKind::MeterValues(_) => EventType::MeterValues,
        EventKind::TransactionStopped(_) => EventType::TransactionStopped,
        EventKind::CommandAnswered(_) => EventType::CommandAnswered,
        EventKind::Other { event_type } => return event_type,
    };
    event_type.name()
}
