//! Commands of every kind, and the answers and events of their devices.

use crate::harness::{Harness, settings};
use crate::sample::{connector, start_on, summary};
use domain::commands::{Availability, CommandKind, ConfigurationKey, ConfigurationValue, TriggeredMessage};
use gateway_simulator::{Outcome, Rejection};

fn unlock(number: i64) -> CommandKind {
    CommandKind::UnlockConnector { connector_id: connector(number) }
}

fn change(number: i64, availability: Availability) -> CommandKind {
    CommandKind::ChangeAvailability { connector_id: connector(number), availability }
}

fn trigger(requested: TriggeredMessage, number: Option<i64>) -> CommandKind {
    CommandKind::TriggerMessage { requested, connector_id: number.map(connector) }
}

fn configure(key: &str, value: &str) -> CommandKind {
    CommandKind::ChangeConfiguration {
        key: ConfigurationKey::parse(key).unwrap(),
        value: ConfigurationValue::parse(value).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_commands_with_ocpp_statuses_and_executes_them() {
    let mut settings = settings();
    // The vehicle stays, so that nothing happens by itself.
    settings.behaviour.finishing_ms = 0;
    let harness = Harness::start(settings, 4).await;
    let id = harness.device(0).await;
    let rejected = Outcome::Rejected(Rejection::DeviceRejected);
    let steps = [
        (start_on(1), Outcome::Accepted, vec!["Accepted", "Preparing", "transaction_started", "Charging"]),
        (change(0, Availability::Inoperative), Outcome::Accepted, vec!["Scheduled", "Unavailable"]),
        (unlock(1), Outcome::Accepted, vec!["Unlocked", "transaction_stopped", "Finishing"]),
        (change(2, Availability::Operative), Outcome::Accepted, vec!["Accepted", "Available"]),
        (
            trigger(TriggeredMessage::StatusNotification, None),
            Outcome::Accepted,
            vec!["Accepted", "Finishing", "Available"],
        ),
        (
            trigger(TriggeredMessage::MeterValues, Some(1)),
            Outcome::Accepted,
            vec!["Accepted", "meter_values"],
        ),
        (trigger(TriggeredMessage::BootNotification, None), Outcome::Accepted, vec!["Accepted", "connected"]),
        (configure("AuthorizationKey", ""), Outcome::Accepted, vec!["Accepted"]),
        (configure("NumberOfConnectors", "3"), rejected, vec!["Rejected"]),
        (unlock(9), rejected, vec!["NotSupported"]),
        (change(9, Availability::Operative), rejected, vec!["Rejected"]),
        (trigger(TriggeredMessage::Heartbeat, None), Outcome::Accepted, vec!["Accepted", "heartbeat"]),
    ];
    let mut expected = vec!["connected", "Available", "Available"];
    for (command, outcome, events) in steps {
        let received = harness.send_command(0, &id, command.clone()).await;
        assert_eq!(received.outcome, outcome, "{command:?}");
        expected.extend(events);
    }
    let records = harness.records_until(&id, |event| event.kind.name() == "heartbeat").await;
    assert_eq!(summary(&records), expected);
}
