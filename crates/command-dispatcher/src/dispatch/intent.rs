//! What a caller wants of a pile, and the command that results if the pile allows it.

use domain::commands::{
    Availability, CommandKind, CommandRefusal, ConfigurationKey, ConfigurationValue, PileSnapshot, ResetKind,
    StopTarget, TriggeredMessage,
};
use domain::ids::{ConnectorId, IdTag, PileId, SessionId, TransactionId};
use domain::sessions::limits::SessionLimits;
use domain::status::ConnectorStatus;
use serde::Serialize;
use storage::commands::{ContextScope, IdempotencyKey, KeyedRequest, RequestDigest};

/// A valid request; whether the pile can do it is checked later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) enum Intent {
    /// Starts charging.
    StartTransaction {
        /// The driver's token.
        id_tag: IdTag,
        /// The connector; any free one when absent.
        connector_id: Option<ConnectorId>,
        /// The limits of the session, without a currency.
        #[serde(skip_serializing_if = "SessionLimits::is_empty")]
        limits: SessionLimits,
    },
    /// Stops charging: the session or transaction named, or the one on the connector named, or the
    /// only one.
    StopTransaction {
        transaction_id: Option<TransactionId>,
        connector_id: Option<ConnectorId>,
        /// The session, instead of the other two.
        #[serde(skip_serializing_if = "Option::is_none")]
        session_id: Option<SessionId>,
    },
    /// Restarts the device.
    Reset { kind: ResetKind },
    /// Releases a connector's lock.
    UnlockConnector {
        /// Never connector 0.
        connector_id: ConnectorId,
    },
    /// Takes a connector into or out of service.
    ChangeAvailability {
        availability: Availability,
        /// 0 for the charge point as a whole.
        connector_id: ConnectorId,
    },
    /// Has the device send a message now.
    TriggerMessage {
        requested: TriggeredMessage,
        /// The connector to report on; all that apply when absent.
        connector_id: Option<ConnectorId>,
    },
    /// Sets a configuration key of the device.
    ChangeConfiguration {
        key: ConfigurationKey,
        /// The new value.
        value: ConfigurationValue,
    },
}

/// What is done for a request that the pile allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The command is sent.
    Send(CommandKind),
    /// A stop waits for the transaction id of this session.
    WaitFor(SessionId),
}

impl Intent {
    /// This intent for `pile` under the idempotency key `key`.
    ///
    /// # Errors
    /// Never in practice: every intent can be serialized.
    pub(crate) fn keyed(&self, pile: PileId, key: IdempotencyKey) -> Result<KeyedRequest, serde_json::Error> {
        let request = serde_json::to_vec(&(pile, self))?;
        Ok(KeyedRequest { key, digest: RequestDigest::of(&request) })
    }

    /// Whether this intent starts charging.
    pub(crate) const fn is_start(&self) -> bool {
        matches!(self, Self::StartTransaction { .. })
    }

    /// The limits of the session that this intent starts; `None` if there are none.
    pub(crate) const fn limits(&self) -> Option<SessionLimits> {
        match self {
            Self::StartTransaction { limits, .. } if !limits.is_empty() => Some(*limits),
            _ => None,
        }
    }

    /// The connector at which this intent starts charging; `None` if the device chooses, and for
    /// other intents.
    pub(crate) const fn start_connector_id(&self) -> Option<ConnectorId> {
        match self {
            Self::StartTransaction { connector_id, .. } => *connector_id,
            _ => None,
        }
    }

    /// The OCPP 1.6 action.
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

    /// What [`decide`](Self::decide) looks at.
    pub(crate) const fn scope(&self) -> ContextScope {
        let is_of_device = match self {
            Self::Reset { .. } | Self::ChangeConfiguration { .. } => true,
            Self::ChangeAvailability { connector_id, .. }
            | Self::TriggerMessage { connector_id: Some(connector_id), .. } => connector_id.is_whole(),
            Self::TriggerMessage { connector_id: None, .. } => true,
            Self::StartTransaction { .. } | Self::StopTransaction { .. } | Self::UnlockConnector { .. } => {
                false
            }
        };
        if is_of_device { ContextScope::Device } else { ContextScope::Everything }
    }

    /// Returns what is done for `pile`; to start charging, a connector must be in one of the
    /// `startable` statuses.
    ///
    /// # Errors
    /// Why the pile cannot execute the command.
    pub(crate) fn decide(
        self,
        pile: &PileSnapshot,
        startable: &[ConnectorStatus],
    ) -> Result<Decision, CommandRefusal> {
        let kind = match self {
            Self::StartTransaction { id_tag, connector_id, limits: _ } => {
                pile.check_start(connector_id, startable)?;
                CommandKind::StartTransaction { id_tag, connector_id }
            }
            Self::StopTransaction { transaction_id, connector_id, session_id } => {
                let target = match session_id {
                    Some(session_id) => pile.check_stop_of_session(session_id)?,
                    None => pile.check_stop(transaction_id.as_ref(), connector_id)?,
                };
                match target {
                    StopTarget::Transaction(transaction_id) => {
                        CommandKind::StopTransaction { transaction_id }
                    }
                    StopTarget::Session(session_id) => return Ok(Decision::WaitFor(session_id)),
                }
            }
            Self::Reset { kind } => {
                pile.check_reachable()?;
                CommandKind::Reset { kind }
            }
            Self::UnlockConnector { connector_id } => {
                pile.check_connector(connector_id)?;
                CommandKind::UnlockConnector { connector_id }
            }
            Self::ChangeAvailability { availability, connector_id } => {
                pile.check_connector(connector_id)?;
                CommandKind::ChangeAvailability { connector_id, availability }
            }
            Self::TriggerMessage { requested, connector_id } => {
                pile.check_connector(connector_id.unwrap_or(ConnectorId::WHOLE))?;
                CommandKind::TriggerMessage { requested, connector_id }
            }
            Self::ChangeConfiguration { key, value } => {
                pile.check_reachable()?;
                CommandKind::ChangeConfiguration { key, value }
            }
        };
        Ok(Decision::Send(kind))
    }
}

#[cfg(test)]
mod tests;
