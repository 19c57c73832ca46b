//! Commands that can be sent to a whole station.

use crate::dispatch::intent::Intent;
use domain::commands::{Availability, ConfigurationKey, ConfigurationValue, ResetKind, TriggeredMessage};
use domain::ids::{ConnectorId, StationId};
use serde::{Deserialize, Serialize};
use storage::commands::batches::Scope;
use storage::commands::{IdempotencyKey, KeyedRequest, RequestDigest};

/// A command to each pile as a whole. The database stores it in this form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(crate) enum StationCommand {
    /// Restarts each pile.
    Reset { r#type: ResetKind },
    /// Takes the piles, each as a whole, into or out of service.
    ChangeAvailability { r#type: Availability },
    /// Has each pile send a message now, about all connectors that it applies to.
    TriggerMessage { requested_message: TriggeredMessage },
    /// Sets a configuration key of each pile.
    ChangeConfiguration { key: ConfigurationKey, value: ConfigurationValue },
}

impl StationCommand {
    /// The command as an intent for one pile.
    pub(crate) fn intent(&self) -> Intent {
        match self {
            Self::Reset { r#type: kind } => Intent::Reset { kind: *kind },
            Self::ChangeAvailability { r#type: availability } => {
                Intent::ChangeAvailability { availability: *availability, connector_id: ConnectorId::WHOLE }
            }
            Self::TriggerMessage { requested_message: requested } => {
                Intent::TriggerMessage { requested: *requested, connector_id: None }
            }
            Self::ChangeConfiguration { key, value } => {
                Intent::ChangeConfiguration { key: key.clone(), value: value.clone() }
            }
        }
    }
}

/// A command to a station, the piles that it is for, and the rate at which it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StationOrder {
    /// The command that each pile gets.
    pub command: StationCommand,
    /// Which piles; each listed once, sorted.
    pub scope: Scope,
    /// The most commands per second.
    pub rate_per_second: u16,
}

impl StationOrder {
    /// This order to `station` under the caller's idempotency key `key`.
    ///
    /// # Errors
    /// Never in practice: every part of an order can be serialized.
    pub(crate) fn keyed(
        &self,
        station: StationId,
        key: IdempotencyKey,
    ) -> Result<KeyedRequest, serde_json::Error> {
        let Scope { pile_ids, statuses } = &self.scope;
        let request = (station, &self.command, pile_ids, statuses, self.rate_per_second);
        Ok(KeyedRequest { key, digest: RequestDigest::of(&serde_json::to_vec(&request)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json, to_value};

    #[test]
    fn a_command_survives_a_round_trip_through_its_stored_form() {
        let reset = StationCommand::Reset { r#type: ResetKind::Hard };
        let change = StationCommand::ChangeAvailability { r#type: Availability::Inoperative };
        let trigger =
            StationCommand::TriggerMessage { requested_message: TriggeredMessage::StatusNotification };
        let configuration = StationCommand::ChangeConfiguration {
            key: ConfigurationKey::parse("HeartbeatInterval").unwrap(),
            value: ConfigurationValue::parse("300").unwrap(),
        };
        for (command, written) in [
            (reset, json!({"command": "reset", "type": "Hard"})),
            (change, json!({"command": "change-availability", "type": "Inoperative"})),
            (trigger, json!({"command": "trigger-message", "requestedMessage": "StatusNotification"})),
            (
                configuration,
                json!({"command": "change-configuration", "key": "HeartbeatInterval", "value": "300"}),
            ),
        ] {
            assert_eq!(to_value(&command).unwrap(), written);
            assert_eq!(from_value::<StationCommand>(written).unwrap(), command);
        }
        assert!(from_value::<StationCommand>(json!({"command": "explode"})).is_err());
        let without_key = json!({"command": "change-configuration", "key": "", "value": "300"});
        assert!(from_value::<StationCommand>(without_key).is_err());
    }
}
