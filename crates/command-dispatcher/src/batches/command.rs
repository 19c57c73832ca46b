//! What a whole station may be told.

use crate::dispatch::intent::Intent;
use domain::commands::{Availability, ResetKind};
use domain::digest::fnv1a_64;
use domain::ids::{ConnectorId, StationId};
use serde::{Deserialize, Serialize};
use storage::commands::KeyedRequest;
use storage::commands::batches::Scope;

/// A command that makes sense for many piles at once. It stands in the books in this form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub(crate) enum StationCommand {
    /// To restart.
    Reset {
        /// How.
        r#type: ResetKind,
    },
    /// To take the piles, each as a whole, into or out of service.
    ChangeAvailability {
        /// Into or out of service.
        r#type: Availability,
    },
}

impl StationCommand {
    /// What is wanted of each pile.
    pub(crate) const fn intent(self) -> Intent {
        match self {
            Self::Reset { r#type: kind } => Intent::Reset { kind },
            Self::ChangeAvailability { r#type: availability } => {
                Intent::ChangeAvailability { availability, connector_id: ConnectorId::WHOLE }
            }
        }
    }
}

/// What is asked of a station: a command, which piles it is for, and how quickly they are to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StationOrder {
    /// What each pile is told.
    pub command: StationCommand,
    /// Which piles, each once and in order.
    pub scope: Scope,
    /// So many are told in a second at most.
    pub rate_per_second: u16,
}

impl StationOrder {
    /// This order to `station`, under the `key` that its caller gave it.
    ///
    /// # Errors
    /// Never, in fact: there is a form for everything in it.
    pub(crate) fn keyed(&self, station: StationId, key: String) -> Result<KeyedRequest, serde_json::Error> {
        let Scope { pile_ids, statuses } = &self.scope;
        let request = (station, self.command, pile_ids, statuses, self.rate_per_second);
        let digest = fnv1a_64(&serde_json::to_vec(&request)?);
        Ok(KeyedRequest { key, digest: i64::from_ne_bytes(digest.to_ne_bytes()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json, to_value};

    #[test]
    fn a_command_is_read_as_it_was_written() {
        let reset = StationCommand::Reset { r#type: ResetKind::Hard };
        let change = StationCommand::ChangeAvailability { r#type: Availability::Inoperative };
        for (command, written) in [
            (reset, json!({"command": "reset", "type": "Hard"})),
            (change, json!({"command": "change-availability", "type": "Inoperative"})),
        ] {
            assert_eq!(to_value(command).unwrap(), written);
            assert_eq!(from_value::<StationCommand>(written).unwrap(), command);
        }
        assert!(from_value::<StationCommand>(json!({"command": "explode"})).is_err());
    }
}
