//! How a gateway reports what its devices do: as the contract asks, as awkwardly as it allows, or
//! as the deployed one.

mod deployed;

use crate::device::{LinkChange, Reaction, TransactionIds};
use chrono::{DateTime, Utc};
use domain::event::{EventKind, GatewayEvent, TransactionStart, TransactionStop};
use serde::Deserialize;
use wire::event::encode::{Dialect, encode_event_json};

/// The first value of the energy register of a connector of a deployed gateway, in Wh. A register
/// that was in use is greater than a voltage or a state of charge that arrives as an energy.
const DEPLOYED_REGISTER_WH: f64 = 1_150_000.0;

/// What a gateway as a whole does with its devices, keys and commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// It keeps the contract; single oddities can be set.
    #[default]
    AsAsked,
    /// It does what the deployed gateway does, see section 8 of `docs/gateway-contract.md`.
    Deployed,
}

/// What a gateway leaves out, and how it writes the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// What the gateway does as a whole. The other fields count for [`Manner::AsAsked`] only.
    pub manner: Manner,
    /// The start of a transaction is told before its id is known.
    pub transaction_id_late: bool,
    /// Nobody is told that a device has gone.
    pub silent_goodbyes: bool,
    /// The outcome of a command is told.
    pub answers_commands: bool,
    /// How JSON is written.
    pub dialect: Dialect,
}

impl Manners {
    /// All that a gateway may do oddly within the contract.
    pub const AWKWARD: Self = Self {
        manner: Manner::AsAsked,
        transaction_id_late: true,
        silent_goodbyes: true,
        answers_commands: false,
        dialect: Dialect::Deployed,
    };

    /// What the deployed gateway does.
    pub const DEPLOYED: Self = Self { manner: Manner::Deployed, ..Self::AWKWARD };

    /// Whether the gateway is the deployed one.
    #[must_use]
    pub const fn is_deployed(&self) -> bool {
        matches!(self.manner, Manner::Deployed)
    }

    /// The event that the gateway sends when this happens; `None` if it sends none.
    #[must_use]
    pub fn tell(&self, happened: EventKind) -> Option<EventKind> {
        if self.is_deployed() {
            return deployed::is_sent(&happened).then_some(happened);
        }
        match happened {
            EventKind::Disconnected { .. } if self.silent_goodbyes => None,
            EventKind::CommandAnswered(_) if !self.answers_commands => None,
            EventKind::TransactionStarted(start) if self.hides_transaction_id() => {
                Some(EventKind::TransactionStarted(TransactionStart { transaction_id: None, ..start }))
            }
            told => Some(told),
        }
    }

    /// The record's value.
    #[must_use]
    pub fn write(&self, event: &GatewayEvent) -> Vec<u8> {
        if self.is_deployed() {
            return deployed::encode(event);
        }
        encode_event_json(event, self.dialect)
    }

    /// Whether the gateway writes the device's key when this happens: at every connection, or at a
    /// boot only.
    #[must_use]
    pub fn writes_key(&self, reaction: &Reaction) -> bool {
        match self.manner {
            Manner::AsAsked => reaction.link == Some(LinkChange::Up),
            Manner::Deployed => reaction.events.iter().any(|event| matches!(event, EventKind::Connected(_))),
        }
    }

    /// Whether the gateway refreshes the keys of connected devices, and deletes those of devices
    /// that go.
    #[must_use]
    pub const fn maintains_keys(&self) -> bool {
        !self.is_deployed()
    }

    /// The transaction ids that the gateway assigns.
    #[must_use]
    pub const fn transaction_ids(&self, now: DateTime<Utc>) -> TransactionIds {
        match self.manner {
            Manner::AsAsked => TransactionIds::beginning(now),
            Manner::Deployed => TransactionIds::unix_seconds(),
        }
    }

    /// What the energy register of a new device shows, in Wh.
    #[must_use]
    pub const fn first_register_wh(&self) -> f64 {
        match self.manner {
            Manner::AsAsked => 0.0,
            Manner::Deployed => DEPLOYED_REGISTER_WH,
        }
    }

    /// The register at the end of a transaction, in Wh, as the gateway writes it.
    #[must_use]
    pub fn stop_register(&self, stop: &TransactionStop) -> Option<f64> {
        match self.manner {
            Manner::AsAsked => stop.meter_stop_wh,
            // OCPP's `StopTransaction` has whole Wh.
            Manner::Deployed => stop.meter_stop_wh.map(f64::round_ties_even),
        }
    }

    /// The deployed dialect writes 0 in any case.
    fn hides_transaction_id(&self) -> bool {
        self.transaction_id_late || self.dialect == Dialect::Deployed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::BootReport;

    #[test]
    fn each_oddity_can_be_had_alone() {
        let goodbye = EventKind::Disconnected { reason: None };
        let polite = Manners {
            manner: Manner::AsAsked,
            transaction_id_late: false,
            silent_goodbyes: false,
            answers_commands: true,
            dialect: Dialect::Contract,
        };
        assert_eq!(polite.tell(goodbye.clone()), Some(goodbye.clone()));
        let silent = Manners { silent_goodbyes: true, ..polite };
        assert_eq!(silent.tell(goodbye), None);
        assert_eq!(silent.tell(EventKind::Heartbeat), Some(EventKind::Heartbeat));
    }

    #[test]
    fn the_deployed_gateway_writes_a_key_at_every_boot_and_at_nothing_else() {
        let boot = || EventKind::Connected(BootReport::default());
        let reaction = |link, events| Reaction { answer: None, events, link };
        let (up, triggered) = (Some(LinkChange::Up), None);
        let cases = [
            (reaction(up, vec![boot()]), true, true),
            (reaction(up, vec![]), true, false),
            (reaction(triggered, vec![boot()]), false, true),
            (reaction(triggered, vec![EventKind::Heartbeat]), false, false),
        ];
        let asked = Manners { manner: Manner::AsAsked, ..Manners::DEPLOYED };
        for (reaction, as_asked, deployed) in cases {
            assert_eq!(asked.writes_key(&reaction), as_asked, "{reaction:?}");
            assert_eq!(Manners::DEPLOYED.writes_key(&reaction), deployed, "{reaction:?}");
        }
    }
}
