//! What a caller wants of a pile, and the command that comes of it if the pile is fit for it.

use domain::commands::{
    Availability, CommandKind, ConfigurationKey, ConfigurationValue, PileSnapshot, Refusal, ResetKind,
    TriggeredMessage,
};
use domain::digest::fnv1a_64;
use domain::ids::{ConnectorId, IdTag, PileId, TransactionId};
use domain::status::ConnectorStatus;
use serde::Serialize;
use storage::commands::KeyedRequest;

/// What a caller wants, valid in itself; whether the pile can do it is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) enum Intent {
    /// To start charging.
    StartTransaction {
        /// Who charges.
        id_tag: IdTag,
        /// Where; anywhere when absent.
        connector_id: Option<ConnectorId>,
    },
    /// To stop charging: the transaction named, or the one on the connector named, or the only one.
    StopTransaction {
        /// The transaction.
        transaction_id: Option<TransactionId>,
        /// The connector.
        connector_id: Option<ConnectorId>,
    },
    /// To restart.
    Reset {
        /// How.
        kind: ResetKind,
    },
    /// To release a connector's lock.
    UnlockConnector {
        /// Which one; never connector 0.
        connector_id: ConnectorId,
    },
    /// To take a connector into or out of service.
    ChangeAvailability {
        /// Into or out of service.
        availability: Availability,
        /// Which one; 0 for the whole charge point.
        connector_id: ConnectorId,
    },
    /// To have the device send a message now.
    TriggerMessage {
        /// Which message.
        requested: TriggeredMessage,
        /// Of which connector; of all that are concerned when absent.
        connector_id: Option<ConnectorId>,
    },
    /// To set a configuration key of the device.
    ChangeConfiguration {
        /// The key.
        key: ConfigurationKey,
        /// What it is to be.
        value: ConfigurationValue,
    },
}

impl Intent {
    /// This intent for `pile`, under the `key` that its caller gave it.
    ///
    /// # Errors
    /// Never, in fact: there is a form for everything in it.
    pub(crate) fn keyed(&self, pile: PileId, key: String) -> Result<KeyedRequest, serde_json::Error> {
        let request = serde_json::to_vec(&(pile, self))?;
        let digest = fnv1a_64(&request);
        Ok(KeyedRequest { key, digest: i64::from_ne_bytes(digest.to_ne_bytes()) })
    }

    /// Whether it is to start charging.
    pub(crate) const fn is_start(&self) -> bool {
        matches!(self, Self::StartTransaction { .. })
    }

    /// The OCPP 1.6 action that it leads to.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::StartTransaction { .. } => "RemoteStartTransaction",
            Self::StopTransaction { .. } => "RemoteStopTransaction",
            Self::Reset { .. } => "Reset",
            Self::UnlockConnector { .. } => "UnlockConnector",
            Self::ChangeAvailability { .. } => "ChangeAvailability",
            Self::TriggerMessage { .. } => "TriggerMessage",
            Self::ChangeConfiguration { .. } => "ChangeConfiguration",
        }
    }

    /// The command to be sent to `pile`; connectors must be in one of the `startable` statuses to start charging.
    ///
    /// # Errors
    /// Why the pile cannot be commanded so.
    pub(crate) fn into_command(
        self,
        pile: &PileSnapshot,
        startable: &[ConnectorStatus],
    ) -> Result<CommandKind, Refusal> {
        match self {
            Self::StartTransaction { id_tag, connector_id } => {
                pile.check_start(connector_id, startable)?;
                Ok(CommandKind::StartTransaction { id_tag, connector_id })
            }
            Self::StopTransaction { transaction_id, connector_id } => {
                let transaction_id = pile.check_stop(transaction_id.as_ref(), connector_id)?;
                Ok(CommandKind::StopTransaction { transaction_id })
            }
            Self::Reset { kind } => {
                pile.check_reachable()?;
                Ok(CommandKind::Reset { kind })
            }
            Self::UnlockConnector { connector_id } => {
                pile.check_connector(connector_id)?;
                Ok(CommandKind::UnlockConnector { connector_id })
            }
            Self::ChangeAvailability { availability, connector_id } => {
                pile.check_connector(connector_id)?;
                Ok(CommandKind::ChangeAvailability { connector_id, availability })
            }
            Self::TriggerMessage { requested, connector_id } => {
                pile.check_connector(connector_id.unwrap_or(ConnectorId::WHOLE))?;
                Ok(CommandKind::TriggerMessage { requested, connector_id })
            }
            Self::ChangeConfiguration { key, value } => {
                pile.check_reachable()?;
                Ok(CommandKind::ChangeConfiguration { key, value })
            }
        }
    }
}
