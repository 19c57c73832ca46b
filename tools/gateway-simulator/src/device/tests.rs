//! Tests of the device alone: its answers and events, and its invariants.

use super::*;
use chrono::TimeDelta;
use domain::commands::{
    Availability, CommandKind, ConfigurationKey, ConfigurationValue, ResetKind, TriggeredMessage,
};
use domain::ids::{ChargePointId, IdTag};
use proptest::prelude::*;

mod properties;
mod scenarios;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_753_439_400_000).unwrap()
}

fn connector(number: i64) -> ConnectorId {
    ConnectorId::parse(number).unwrap()
}

fn tag() -> IdTag {
    IdTag::parse("RFID123").unwrap()
}

fn pace() -> Pace {
    Pace {
        heartbeat: Some(TimeDelta::seconds(60)),
        phase: 1.0,
        meter: Some(TimeDelta::seconds(10)),
        finishing: Some(TimeDelta::seconds(2)),
        reboot: TimeDelta::seconds(3),
    }
}

/// A connected device, its ids and its clock.
struct Fixture {
    device: Device,
    ids: TransactionIds,
    now: DateTime<Utc>,
}

impl Fixture {
    fn new() -> Self {
        let spec = DeviceSpec::new(ChargePointId::parse("SIM-1").unwrap());
        let mut fixture =
            Self { device: Device::new(spec, pace()), ids: TransactionIds::from(634), now: start() };
        fixture.apply(Input::Connect);
        fixture
    }

    fn apply(&mut self, input: Input) -> Reaction {
        self.device.apply(input, self.now, &self.ids)
    }

    fn command(&mut self, command: CommandKind) -> (Option<Answer>, Vec<String>) {
        let reaction = self.apply(Input::Command(command));
        (reaction.answer, summary(&reaction))
    }

    fn after(&mut self, seconds: i64) -> Vec<String> {
        self.now += TimeDelta::seconds(seconds);
        summary(&self.apply(Input::Tick))
    }
}

/// The events in a short form.
fn summary(reaction: &Reaction) -> Vec<String> {
    let short = |event: &EventKind| match event {
        EventKind::StatusChanged(report) => format!("{} {}", report.connector_id, report.status),
        EventKind::TransactionStopped(stop) => format!("stopped {}", stop.reason.as_deref().unwrap_or("?")),
        EventKind::TransactionStarted(start) => {
            format!("started {}", start.transaction_id.as_ref().map_or("?", |id| id.as_str()))
        }
        EventKind::Other { event_type } => event_type.clone(),
        other => other.name().to_owned(),
    };
    reaction.events.iter().map(short).collect()
}

fn remote_start(connector_id: Option<ConnectorId>) -> CommandKind {
    CommandKind::StartTransaction { id_tag: tag(), connector_id }
}

fn remote_stop(id: &str) -> CommandKind {
    CommandKind::StopTransaction { transaction_id: TransactionId::parse(id).unwrap() }
}

fn configure(key: &str, value: &str) -> CommandKind {
    CommandKind::ChangeConfiguration {
        key: ConfigurationKey::parse(key).unwrap(),
        value: ConfigurationValue::parse(value).unwrap(),
    }
}
