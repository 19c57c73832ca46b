//! How a charge point executes a command.

use super::link::LinkState;
use super::{Answer, Connector, Device, Reaction, TransactionIds};
use chrono::{DateTime, TimeDelta, Utc};
use domain::commands::{Availability, CommandKind, ConfigurationKey, ConfigurationValue, TriggeredMessage};
use domain::event::EventKind;
use domain::ids::{ConnectorId, IdTag, TransactionId};
use domain::status::ConnectorStatus;

impl Device {
    pub(super) fn command(
        &mut self,
        command: CommandKind,
        now: DateTime<Utc>,
        ids: &TransactionIds,
        reaction: &mut Reaction,
    ) {
        let answer = match command {
            _ if !self.is_up() => Answer::Rejected,
            CommandKind::StartTransaction { id_tag, connector_id } => {
                self.start(id_tag, connector_id, now, ids, reaction)
            }
            CommandKind::StopTransaction { transaction_id } => self.stop(&transaction_id, now, reaction),
            CommandKind::Reset { kind } => {
                self.restart(kind, now, reaction);
                Answer::Accepted
            }
            CommandKind::UnlockConnector { connector_id } => self.unlock(connector_id, now, reaction),
            CommandKind::ChangeAvailability { connector_id, availability } => {
                self.change_availability(connector_id, availability, reaction)
            }
            CommandKind::TriggerMessage { requested, connector_id } => {
                self.trigger(requested, connector_id, now, reaction)
            }
            CommandKind::ChangeConfiguration { key, value } => self.configure(&key, value),
        };
        reaction.answer = Some(answer);
    }

    /// Without a connector number, prefers the connector at which a vehicle waits.
    fn start(
        &mut self,
        id_tag: IdTag,
        named: Option<ConnectorId>,
        now: DateTime<Utc>,
        ids: &TransactionIds,
        reaction: &mut Reaction,
    ) -> Answer {
        let chosen = self
            .connectors
            .iter_mut()
            .filter(|connector| connector.is_free() && named.is_none_or(|id| id == connector.id()))
            .max_by_key(|connector| connector.status() == ConnectorStatus::Preparing);
        let Some(connector) = chosen else {
            return Answer::Rejected;
        };
        connector.start(id_tag, now, ids, reaction);
        Answer::Accepted
    }

    fn stop(&mut self, id: &TransactionId, now: DateTime<Utc>, reaction: &mut Reaction) -> Answer {
        let Some(connector) = self.transaction(id) else {
            return Answer::Rejected;
        };
        connector.stop("Remote", now, reaction);
        Answer::Accepted
    }

    /// Stops the connector's transaction first.
    fn unlock(&mut self, id: ConnectorId, now: DateTime<Utc>, reaction: &mut Reaction) -> Answer {
        let Some(connector) = self.connectors.iter_mut().find(|connector| connector.id() == id) else {
            return Answer::NotSupported;
        };
        connector.stop("UnlockCommand", now, reaction);
        Answer::Unlocked
    }

    fn change_availability(
        &mut self,
        id: ConnectorId,
        availability: Availability,
        reaction: &mut Reaction,
    ) -> Answer {
        if !id.is_whole() && self.connector(id).is_none() {
            return Answer::Rejected;
        }
        let in_service = availability == Availability::Operative;
        let mut is_postponed = false;
        for connector in self.selected(id) {
            is_postponed |= connector.set_in_service(in_service, reaction);
        }
        if is_postponed { Answer::Scheduled } else { Answer::Accepted }
    }

    fn trigger(
        &mut self,
        requested: TriggeredMessage,
        named: Option<ConnectorId>,
        now: DateTime<Utc>,
        reaction: &mut Reaction,
    ) -> Answer {
        let id = named.unwrap_or(ConnectorId::WHOLE);
        if !id.is_whole() && self.connector(id).is_none() {
            return Answer::Rejected;
        }
        match requested {
            TriggeredMessage::BootNotification => reaction.events.push(self.boot_event()),
            TriggeredMessage::Heartbeat => reaction.events.push(EventKind::Heartbeat),
            TriggeredMessage::StatusNotification => {
                let statuses = self.selected(id).map(|connector| connector.status_event());
                reaction.events.extend(statuses);
            }
            TriggeredMessage::MeterValues => {
                for connector in self.selected(id) {
                    connector.read_meter(now, reaction);
                }
            }
            TriggeredMessage::DiagnosticsStatusNotification => {
                reaction.events.push(other("diagnostics.status_changed"));
            }
            TriggeredMessage::FirmwareStatusNotification => {
                reaction.events.push(other("firmware.status_changed"));
            }
        }
        Answer::Accepted
    }

    /// Two of the keys are intervals, which the device then uses; 0 means never.
    fn configure(&mut self, key: &ConfigurationKey, value: ConfigurationValue) -> Answer {
        let is = |name: &str| key.as_str().eq_ignore_ascii_case(name);
        let (is_heartbeat, is_sample) = (is("HeartbeatInterval"), is("MeterValueSampleInterval"));
        let seconds = value.as_str().parse::<u32>().ok();
        if (is_heartbeat || is_sample) && seconds.is_none() {
            return Answer::Rejected;
        }
        let interval = seconds.filter(|it| *it > 0).map(|it| TimeDelta::seconds(it.into()));
        let answer = self.configuration.set(key, value);
        match answer {
            Answer::Accepted if is_heartbeat => self.set_heartbeat_interval(interval),
            Answer::Accepted if is_sample => self.set_sample_interval(interval),
            _ => {}
        }
        answer
    }

    fn set_heartbeat_interval(&mut self, interval: Option<TimeDelta>) {
        self.pace.heartbeat = interval;
        self.link = LinkState::Up { heartbeat_due: None };
    }

    fn set_sample_interval(&mut self, interval: Option<TimeDelta>) {
        self.pace.meter = interval;
        self.connectors.iter_mut().for_each(Connector::reset_sample_timer);
    }

    /// The connector with this number; all of them for number 0.
    fn selected(&mut self, id: ConnectorId) -> impl Iterator<Item = &mut Connector> {
        self.connectors.iter_mut().filter(move |connector| id.is_whole() || connector.id() == id)
    }
}

fn other(event_type: &str) -> EventKind {
    EventKind::Other { event_type: event_type.to_owned() }
}
