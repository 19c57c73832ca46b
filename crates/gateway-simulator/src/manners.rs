//! How a gateway passes on what its devices do: faithfully, or as oddly as deployed ones.

use domain::event::{EventKind, GatewayEvent, TransactionStart};
use wire::event::encode::{Dialect, encode_event_json};

/// What a gateway leaves out, and how it writes the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
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
    /// All that deployed gateways do oddly.
    pub const AWKWARD: Self = Self {
        transaction_id_late: true,
        silent_goodbyes: true,
        answers_commands: false,
        dialect: Dialect::Deployed,
    };

    /// What the gateway says of something that happened; `None` if it keeps silent.
    #[must_use]
    pub fn tell(&self, happened: EventKind) -> Option<EventKind> {
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
        encode_event_json(event, self.dialect)
    }

    /// The deployed dialect writes 0 in any case.
    fn hides_transaction_id(&self) -> bool {
        self.transaction_id_late || self.dialect == Dialect::Deployed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_oddity_can_be_had_alone() {
        let goodbye = EventKind::Disconnected { reason: None };
        let polite = Manners {
            transaction_id_late: false,
            silent_goodbyes: false,
            answers_commands: true,
            dialect: Dialect::Handbook,
        };
        assert_eq!(polite.tell(goodbye.clone()), Some(goodbye.clone()));
        let silent = Manners { silent_goodbyes: true, ..polite };
        assert_eq!(silent.tell(goodbye), None);
        assert_eq!(silent.tell(EventKind::Heartbeat), Some(EventKind::Heartbeat));
    }
}
