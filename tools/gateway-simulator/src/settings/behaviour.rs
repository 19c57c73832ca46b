//! `[behaviour]`: the behaviour of the gateway, and the times of its devices.

use crate::behaviour::{Behaviour, Manner};
use serde::{Deserialize, Deserializer, de};
use wire::event::encode::Dialect;

/// `[behaviour]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BehaviourSettings {
    /// The behaviour as a whole; [`Manner::Deployed`] overrides the next six settings.
    pub manner: Manner,
    /// Whether the gateway has every deviation that the contract tolerates; overrides the next five
    /// settings.
    pub awkward: bool,
    /// Whether `transaction.started` does not contain the transaction's id.
    pub transaction_id_late: bool,
    /// Whether every transaction has the id 1, as some gateways number them.
    pub same_transaction_id: bool,
    /// Whether `charge_point.disconnected` is never sent.
    #[serde(rename = "silent_goodbyes")]
    pub hides_disconnections: bool,
    /// Whether `command.response` is sent.
    pub answers_commands: bool,
    /// The dialect of JSON.
    #[serde(deserialize_with = "dialect")]
    pub dialect: Dialect,
    /// How long a charge point is disconnected after a Reset, in milliseconds.
    pub reboot_ms: u32,
    /// How long the vehicle stays plugged in after a session, in milliseconds; 0: until it is
    /// unplugged.
    pub finishing_ms: u32,
}

impl Default for BehaviourSettings {
    fn default() -> Self {
        Self {
            manner: Manner::Contract,
            awkward: false,
            transaction_id_late: false,
            same_transaction_id: false,
            hides_disconnections: false,
            answers_commands: true,
            dialect: Dialect::Contract,
            reboot_ms: 3_000,
            finishing_ms: 2_000,
        }
    }
}

impl BehaviourSettings {
    /// The behaviour after these overrides.
    #[must_use]
    pub const fn effective(&self) -> Behaviour {
        if matches!(self.manner, Manner::Deployed) {
            return Behaviour::DEPLOYED;
        }
        if self.awkward {
            return Behaviour::AWKWARD;
        }
        Behaviour {
            manner: Manner::Contract,
            transaction_id_late: self.transaction_id_late,
            same_transaction_id: self.same_transaction_id,
            hides_disconnections: self.hides_disconnections,
            answers_commands: self.answers_commands,
            dialect: self.dialect,
        }
    }
}

fn dialect<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Dialect, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "handbook" => Ok(Dialect::Contract),
        "deployed" => Ok(Dialect::Deployed),
        other => Err(de::Error::unknown_variant(other, &["handbook", "deployed"])),
    }
}
