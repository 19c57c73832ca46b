//! What a caller wants of a pile, and the command that comes of it if the pile is fit for it.

use domain::command::{CommandKind, PileSnapshot, Refusal, ResetKind};
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

    /// The OCPP 1.6 action that it leads to.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::StartTransaction { .. } => "RemoteStartTransaction",
            Self::StopTransaction { .. } => "RemoteStopTransaction",
            Self::Reset { .. } => "Reset",
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
        }
    }
}
