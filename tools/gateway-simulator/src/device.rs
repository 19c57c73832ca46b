//! A charge point as a state machine: inputs go in, reported events come out. Time is an argument.

mod battery;
mod command;
mod configuration;
mod connector;
mod exchange;
mod link;
mod spec;
#[cfg(test)]
mod tests;
mod transaction;

pub use connector::Connector;
pub use exchange::{Answer, Input, LinkChange, Reaction};
pub use spec::{DeviceSpec, Pace};
pub use transaction::{Transaction, TransactionIds};

use chrono::{DateTime, Utc};
use configuration::Configuration;
use domain::event::{EventKind, StatusReport};
use domain::ids::{ConnectorId, TransactionId};
use domain::status::ConnectorStatus;
use link::LinkState;

/// A charge point.
#[derive(Debug, Clone)]
pub struct Device {
    spec: DeviceSpec,
    pace: Pace,
    link: LinkState,
    connectors: Vec<Connector>,
    configuration: Configuration,
}

impl Device {
    /// A charge point that is not connected yet.
    #[must_use]
    pub fn new(spec: DeviceSpec, pace: Pace) -> Self {
        let connectors = (1..=spec.connectors)
            .filter_map(|number| ConnectorId::parse(number.into()).ok())
            .map(|id| Connector::new(id, spec.max_power_kw, spec.register_wh.unwrap_or_default()))
            .collect();
        Self { spec, pace, link: LinkState::Down, connectors, configuration: Configuration::default() }
    }

    /// Its specification.
    #[must_use]
    pub const fn spec(&self) -> &DeviceSpec {
        &self.spec
    }

    /// Its connectors, in order.
    #[must_use]
    pub fn connectors(&self) -> &[Connector] {
        &self.connectors
    }

    /// The connector with this number; there is none with number 0.
    #[must_use]
    pub fn connector(&self, id: ConnectorId) -> Option<&Connector> {
        self.connectors.iter().find(|connector| connector.id() == id)
    }

    /// The value of a configuration key, which is not case-sensitive.
    #[must_use]
    pub fn configuration(&self, key: &str) -> Option<&str> {
        self.configuration.get(key)
    }

    /// Applies `input`. Without a connection the device starts no transaction; a running one
    /// continues unreported.
    pub fn apply(&mut self, input: Input, now: DateTime<Utc>, ids: &TransactionIds) -> Reaction {
        let mut reaction = Reaction::default();
        match input {
            Input::Connect => self.link_up(now, &mut reaction),
            Input::Resume => self.resume(now, &mut reaction),
            Input::Disconnect => self.link_down("ConnectionLost", &mut reaction),
            Input::Command(command) => self.command(command, now, ids, &mut reaction),
            Input::Tick => self.tick(now, &mut reaction),
            _ if !self.is_up() => {}
            Input::Heartbeat => reaction.events.push(EventKind::Heartbeat),
            Input::Report(connector, status, error_code) => {
                self.report(connector, status, error_code, &mut reaction);
            }
            Input::PlugIn(connector) => self.at(connector, |it| it.plug_in(&mut reaction)),
            Input::Unplug(connector) => self.at(connector, |it| it.unplug(now, &mut reaction)),
            Input::Start(connector, id_tag) => {
                self.at(connector, |it| it.start(id_tag, now, ids, &mut reaction));
            }
            Input::Stop(connector) => self.at(connector, |it| it.stop("Local", now, &mut reaction)),
            Input::ReadMeter(connector) => self.at(connector, |it| it.read_meter(now, &mut reaction)),
        }
        self.set_timers(now);
        reaction
    }

    /// When the device needs the next [`Input::Tick`], if ever.
    #[must_use]
    pub fn due(&self) -> Option<DateTime<Utc>> {
        let connectors = self.connectors.iter().filter_map(Connector::due);
        match self.link {
            LinkState::Down => None,
            LinkState::Rebooting { until } => Some(until),
            LinkState::Up { heartbeat_due } => connectors.chain(heartbeat_due).min(),
        }
    }

    /// The connector on which this transaction runs.
    fn transaction(&mut self, id: &TransactionId) -> Option<&mut Connector> {
        self.connectors
            .iter_mut()
            .find(|connector| connector.transaction().is_some_and(|running| running.id == *id))
    }

    fn at(&mut self, id: ConnectorId, action: impl FnOnce(&mut Connector)) {
        if let Some(connector) = self.connectors.iter_mut().find(|connector| connector.id() == id) {
            action(connector);
        }
    }

    fn report(
        &mut self,
        connector_id: ConnectorId,
        status: ConnectorStatus,
        error_code: Option<String>,
        reaction: &mut Reaction,
    ) {
        self.at(connector_id, |it| it.set(status, error_code.clone()));
        reaction.events.push(EventKind::StatusChanged(StatusReport {
            connector_id,
            status,
            error_code,
            info: None,
            vendor_error_code: None,
        }));
    }

    fn tick(&mut self, now: DateTime<Utc>, reaction: &mut Reaction) {
        match self.link {
            LinkState::Down => {}
            LinkState::Rebooting { until } if until <= now => self.link_up(now, reaction),
            LinkState::Rebooting { .. } => {}
            LinkState::Up { heartbeat_due } => {
                if heartbeat_due.is_some_and(|due| due <= now) {
                    reaction.events.push(EventKind::Heartbeat);
                    self.link = LinkState::Up { heartbeat_due: None };
                }
                for connector in &mut self.connectors {
                    connector.tick(now, reaction);
                }
            }
        }
    }

    fn set_timers(&mut self, now: DateTime<Utc>) {
        if let (LinkState::Up { heartbeat_due: due @ None }, Some(interval)) =
            (&mut self.link, self.pace.heartbeat)
        {
            *due = Some(now + interval);
        }
        for connector in &mut self.connectors {
            connector.set_timers(&self.pace, now);
        }
    }
}
