//! How a gateway reports the events of its devices: as the contract requires, with every deviation
//! that it tolerates, or like the deployed gateway.

mod deployed;

use crate::device::{LinkChange, Reaction, TransactionIds};
use chrono::{DateTime, Utc};
use domain::event::{EventKind, GatewayEvent, TransactionStart, TransactionStop};
use serde::Deserialize;
use wire::event::encode::{Dialect, encode_event_json};

/// The first value of the energy register of a deployed gateway's connector, in Wh. The register of
/// a used device is greater than a voltage or a state of charge that is sent as an energy.
const DEPLOYED_REGISTER_WH: f64 = 1_150_000.0;

/// How a gateway handles devices, keys and commands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// It keeps the contract; single deviations can be configured.
    #[default]
    #[serde(rename = "as-asked")]
    Contract,
    /// It behaves like the deployed gateway, see section 8 of `docs/gateway-contract.md`.
    Deployed,
}

/// Which events and fields a gateway omits, and how it encodes the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behaviour {
    /// The behaviour as a whole. The other fields apply to [`Manner::Contract`] only.
    pub manner: Manner,
    /// Whether the start of a transaction is reported before its id is known.
    pub transaction_id_late: bool,
    /// Whether every transaction has the id 1.
    pub same_transaction_id: bool,
    /// Whether disconnections are not reported.
    pub hides_disconnections: bool,
    /// Whether the outcome of a command is reported.
    pub answers_commands: bool,
    /// The dialect of JSON.
    pub dialect: Dialect,
}

impl Behaviour {
    /// All deviations that the contract allows.
    pub const AWKWARD: Self = Self {
        manner: Manner::Contract,
        transaction_id_late: true,
        same_transaction_id: false,
        hides_disconnections: true,
        answers_commands: false,
        dialect: Dialect::Deployed,
    };

    /// The deployed gateway.
    pub const DEPLOYED: Self = Self { manner: Manner::Deployed, ..Self::AWKWARD };

    /// Whether this is the deployed gateway.
    #[must_use]
    pub const fn is_deployed(&self) -> bool {
        matches!(self.manner, Manner::Deployed)
    }

    /// The event as the gateway reports it; `None` if it does not report it.
    #[must_use]
    pub fn reported(&self, event: EventKind) -> Option<EventKind> {
        if self.is_deployed() {
            return deployed::is_sent(&event).then_some(event);
        }
        match event {
            EventKind::Disconnected { .. } if self.hides_disconnections => None,
            EventKind::CommandAnswered(_) if !self.answers_commands => None,
            EventKind::TransactionStarted(start) if self.hides_transaction_id() => {
                Some(EventKind::TransactionStarted(TransactionStart { transaction_id: None, ..start }))
            }
            other => Some(other),
        }
    }

    /// The value of the event's record.
    #[must_use]
    pub fn encode(&self, event: &GatewayEvent) -> Vec<u8> {
        if self.is_deployed() {
            return deployed::encode(event);
        }
        encode_event_json(event, self.dialect)
    }

    /// Whether the gateway writes the device's key for this reaction: at every connection, or only
    /// at a boot.
    #[must_use]
    pub fn writes_key(&self, reaction: &Reaction) -> bool {
        match self.manner {
            Manner::Contract => reaction.link == Some(LinkChange::Up),
            Manner::Deployed => reaction.events.iter().any(|event| matches!(event, EventKind::Connected(_))),
        }
    }

    /// Whether the gateway refreshes the keys of connected devices, and deletes those of devices
    /// that disconnect.
    #[must_use]
    pub const fn maintains_keys(&self) -> bool {
        !self.is_deployed()
    }

    /// The transaction ids that the gateway assigns.
    #[must_use]
    pub const fn transaction_ids(&self, now: DateTime<Utc>) -> TransactionIds {
        match self.manner {
            Manner::Contract if self.same_transaction_id => TransactionIds::always(1),
            Manner::Contract => TransactionIds::beginning(now),
            Manner::Deployed => TransactionIds::unix_seconds(),
        }
    }

    /// The first value of the energy register of a new device, in Wh.
    #[must_use]
    pub const fn first_register_wh(&self) -> f64 {
        match self.manner {
            Manner::Contract => 0.0,
            Manner::Deployed => DEPLOYED_REGISTER_WH,
        }
    }

    /// The register at the end of a transaction, in Wh, as the gateway writes it.
    #[must_use]
    pub fn stop_register(&self, stop: &TransactionStop) -> Option<f64> {
        match self.manner {
            Manner::Contract => stop.meter_stop_wh,
            // OCPP's `StopTransaction` has whole Wh.
            Manner::Deployed => stop.meter_stop_wh.map(f64::round_ties_even),
        }
    }

    /// The deployed dialect always writes 0.
    fn hides_transaction_id(&self) -> bool {
        self.transaction_id_late || self.dialect == Dialect::Deployed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::BootReport;

    #[test]
    fn each_deviation_can_be_configured_alone() {
        let disconnection = EventKind::Disconnected { reason: None };
        let contract = Behaviour {
            manner: Manner::Contract,
            transaction_id_late: false,
            same_transaction_id: false,
            hides_disconnections: false,
            answers_commands: true,
            dialect: Dialect::Contract,
        };
        assert_eq!(contract.reported(disconnection.clone()), Some(disconnection.clone()));
        let silent = Behaviour { hides_disconnections: true, ..contract };
        assert_eq!(silent.reported(disconnection), None);
        assert_eq!(silent.reported(EventKind::Heartbeat), Some(EventKind::Heartbeat));
    }

    #[test]
    fn the_deployed_gateway_writes_a_key_only_at_boots() {
        let boot = || EventKind::Connected(BootReport::default());
        let reaction = |link, events| Reaction { answer: None, events, link };
        let (up, triggered) = (Some(LinkChange::Up), None);
        let cases = [
            (reaction(up, vec![boot()]), true, true),
            (reaction(up, vec![]), true, false),
            (reaction(triggered, vec![boot()]), false, true),
            (reaction(triggered, vec![EventKind::Heartbeat]), false, false),
        ];
        let contract = Behaviour { manner: Manner::Contract, ..Behaviour::DEPLOYED };
        for (reaction, at_contract, at_deployed) in cases {
            assert_eq!(contract.writes_key(&reaction), at_contract, "{reaction:?}");
            assert_eq!(Behaviour::DEPLOYED.writes_key(&reaction), at_deployed, "{reaction:?}");
        }
    }
}
