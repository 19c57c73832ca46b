//! Whether a pile may be commanded, told from one look at it.

#[cfg(test)]
mod tests;

use super::{CommandKind, Goal};
use crate::assets::StartableStatuses;
use crate::devices::presence::Confidence;
use crate::ids::{ChargePointId, CommandId, ConnectorId, GatewayId, PileId, SessionId, TransactionId};
use crate::status::{ConnectorStatus, PileStatus};
use chrono::{DateTime, Utc};

/// A pile as one query found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PileSnapshot {
    /// The pile.
    pub pile_id: PileId,
    /// Its device.
    pub charge_point_id: ChargePointId,
    /// Whether the device is online; `None` when it was never heard.
    pub online: Option<bool>,
    /// How far that can be trusted.
    pub confidence: Confidence,
    /// The gateway that it was last heard through; `None` when gateways gave no name.
    pub heard: Option<LastHeard>,
    /// The status of each connector that reported one.
    pub connectors: Vec<(ConnectorId, ConnectorStatus)>,
    /// Sessions that have not ended.
    pub open_sessions: Vec<OpenSession>,
    /// Transactions that its connectors last named, each until its stop.
    pub sighted: Vec<TransactionId>,
    /// Starts that were commanded and have not come to their end.
    pub starts_in_flight: Vec<StartInFlight>,
    /// The connector statuses in which charging may start at its station; `None`: the dispatcher's setting applies.
    pub startable: Option<StartableStatuses>,
}

/// How a device was last heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastHeard {
    /// Through which gateway.
    pub gateway_id: GatewayId,
    /// When: the time at which the event's record was appended or at which its effect was written, whichever is earlier. No clock
    /// is trusted that is ahead; what the event claims does not matter.
    pub at: DateTime<Utc>,
}

/// A start that was commanded and has not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartInFlight {
    /// The command.
    pub command_id: CommandId,
    /// Where; the device chooses when it is absent.
    pub connector_id: Option<ConnectorId>,
}

/// A session that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// Its id.
    pub id: SessionId,
    /// Where.
    pub connector_id: ConnectorId,
    /// Its transaction; `None` while the gateway has not told it.
    pub transaction_id: Option<TransactionId>,
}

/// Why a command is not sent. The message is fit to be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The device is not connected to a gateway.
    #[error("{0} is offline")]
    Offline(ChargePointId),
    /// The device is online, but its gateway is silent; refused by setting.
    #[error("{0} may be gone: its gateway is silent")]
    Doubtful(ChargePointId),
    /// The device was never heard.
    #[error("{0} has never been heard from")]
    NeverHeard(ChargePointId),
    /// The pile as a whole cannot start charging.
    #[error("{charge_point_id} is {status}")]
    PileNotAvailable {
        /// The device.
        charge_point_id: ChargePointId,
        /// What it is instead.
        status: PileStatus,
    },
    /// The connector cannot start charging.
    #[error("connector {connector_id} of {charge_point_id} is {status}")]
    ConnectorNotAvailable {
        /// The device.
        charge_point_id: ChargePointId,
        /// The connector.
        connector_id: ConnectorId,
        /// What it is instead.
        status: ConnectorStatus,
    },
    /// The device never mentioned such a connector.
    #[error("{charge_point_id} has no connector {connector_id}")]
    NoSuchConnector {
        /// The device.
        charge_point_id: ChargePointId,
        /// The connector asked for.
        connector_id: ConnectorId,
    },
    /// Another start is under way there; what becomes of it is to be awaited first.
    #[error("{} of {charge_point_id} is being started already{}", place(.connector_id.as_ref()), by(.command_id.as_ref()))]
    StartInFlight {
        /// The device.
        charge_point_id: ChargePointId,
        /// The connector asked for; any when absent.
        connector_id: Option<ConnectorId>,
        /// The command that starts it, where that is known.
        command_id: Option<CommandId>,
    },
    /// There is no session to stop.
    #[error("{0} has no open charging session")]
    NoActiveTransaction(ChargePointId),
    /// Another session than the one named is open.
    #[error("transaction {transaction_id} is not open on {charge_point_id}")]
    TransactionMismatch {
        /// The device.
        charge_point_id: ChargePointId,
        /// The transaction asked for.
        transaction_id: TransactionId,
    },
    /// More than one session could be meant.
    #[error("{0} has several open charging sessions: name a transactionId or a connectorId")]
    AmbiguousTransaction(ChargePointId),
    /// A session is open, but the gateway has not told its transaction id yet.
    #[error("the gateway has not yet told the transaction id of the session on {0}: try again shortly")]
    TransactionIdPending(ChargePointId),
}

fn place(connector_id: Option<&ConnectorId>) -> String {
    connector_id.map_or_else(|| "a connector".to_owned(), |id| format!("connector {id}"))
}

fn by(command_id: Option<&CommandId>) -> String {
    command_id.map(|id| format!(" by command {id}")).unwrap_or_default()
}

impl PileSnapshot {
    /// The pile's status as one word.
    #[must_use]
    pub fn status(&self) -> PileStatus {
        match self.online {
            None => PileStatus::Unknown,
            Some(online) => PileStatus::roll_up(online, self.connectors.iter().copied()),
        }
    }

    /// Any command needs a device that is there.
    ///
    /// # Errors
    /// [`Refusal::Offline`] or [`Refusal::NeverHeard`].
    pub fn check_reachable(&self) -> Result<(), Refusal> {
        match self.online {
            Some(true) => Ok(()),
            Some(false) => Err(Refusal::Offline(self.charge_point_id.clone())),
            None => Err(Refusal::NeverHeard(self.charge_point_id.clone())),
        }
    }

    /// Whether nothing speaks against the device being there.
    ///
    /// # Errors
    /// [`Refusal::Doubtful`]
    pub fn check_trusted(&self) -> Result<(), Refusal> {
        let is_doubtful = self.online == Some(true) && self.confidence == Confidence::Doubtful;
        if is_doubtful { Err(Refusal::Doubtful(self.charge_point_id.clone())) } else { Ok(()) }
    }

    /// Whether the device is there and has such a connector, whatever state it is in: it reported a status of it, or a
    /// session is open on it. Connector 0, the device as a whole, is always there.
    ///
    /// # Errors
    /// [`Refusal::NoSuchConnector`], or that the device is not there.
    pub fn check_connector(&self, connector_id: ConnectorId) -> Result<(), Refusal> {
        self.check_reachable()?;
        let charges = |session: &OpenSession| session.connector_id == connector_id;
        let is_known = connector_id.is_whole()
            || self.status_of(connector_id).is_some()
            || self.open_sessions.iter().any(charges);
        if is_known { Ok(()) } else { Err(self.no_such_connector(connector_id)) }
    }

    /// Whether charging may start on `connector`, or on any connector when none is named. The pile as a whole must not be out of
    /// service, and the connector must be in one of the statuses of its station; in one of `startable` where the station names
    /// none.
    ///
    /// # Errors
    /// Why not.
    pub fn check_start(
        &self,
        connector: Option<ConnectorId>,
        startable: &[ConnectorStatus],
    ) -> Result<(), Refusal> {
        self.check_reachable()?;
        self.check_no_start_in_flight(connector)?;
        let startable = self.startable.as_ref().map_or(startable, StartableStatuses::as_slice);
        let Some(connector_id) = connector else {
            return self.check_start_anywhere(startable);
        };
        let status = self.status_of(connector_id).ok_or_else(|| self.no_such_connector(connector_id))?;
        if self.out_of_service() {
            return Err(self.pile_not_available());
        }
        if startable.contains(&status) {
            return Ok(());
        }
        let charge_point_id = self.charge_point_id.clone();
        Err(Refusal::ConnectorNotAvailable { charge_point_id, connector_id, status })
    }

    /// One start at a time on a connector; one that leaves the choice to the device may be on any.
    fn check_no_start_in_flight(&self, connector_id: Option<ConnectorId>) -> Result<(), Refusal> {
        let meets = |start: &&StartInFlight| {
            start.connector_id.is_none() || connector_id.is_none() || start.connector_id == connector_id
        };
        self.starts_in_flight.iter().find(meets).map_or(Ok(()), |start| {
            Err(Refusal::StartInFlight {
                charge_point_id: self.charge_point_id.clone(),
                connector_id,
                command_id: Some(start.command_id),
            })
        })
    }

    /// What would show that a command of this kind was done.
    #[must_use]
    pub fn goal_of(&self, kind: &CommandKind) -> Option<Goal> {
        let session = match kind {
            CommandKind::StopTransaction { transaction_id } => self.session_named(transaction_id),
            _ => None,
        };
        kind.goal(session)
    }

    /// The open session that `transaction` names: the one that has this name, or the only one that has none yet.
    fn session_named(&self, transaction: &TransactionId) -> Option<SessionId> {
        let has_name = |session: &&OpenSession| session.transaction_id.as_ref() == Some(transaction);
        if let Some(named) = self.open_sessions.iter().find(has_name) {
            return Some(named.id);
        }
        let mut unnamed = self.open_sessions.iter().filter(|session| session.transaction_id.is_none());
        let first = unnamed.next()?;
        unnamed.next().is_none().then_some(first.id)
    }

    fn check_start_anywhere(&self, startable: &[ConnectorStatus]) -> Result<(), Refusal> {
        let mut connectors = self.connectors.iter().filter(|(id, _)| !id.is_whole());
        if !self.out_of_service() && connectors.any(|(_, status)| startable.contains(status)) {
            return Ok(());
        }
        match self.status() {
            PileStatus::Reported(status) if startable.contains(&status) => Ok(()),
            _ => Err(self.pile_not_available()),
        }
    }

    /// The transaction that a stop means: the one named, or the one on the connector named, or the only one.
    ///
    /// A transaction named by the caller is believed when the platform holds an open session whose id the gateway has
    /// not told yet, or when the device itself has named it: the device will refuse what it does not know.
    ///
    /// # Errors
    /// Why none can be told.
    pub fn check_stop(
        &self,
        transaction: Option<&TransactionId>,
        connector: Option<ConnectorId>,
    ) -> Result<TransactionId, Refusal> {
        self.check_reachable()?;
        let on_connector = |session: &&OpenSession| connector.is_none_or(|id| session.connector_id == id);
        let open: Vec<_> = self.open_sessions.iter().filter(on_connector).collect();
        let charge_point_id = || self.charge_point_id.clone();
        if let Some(wanted) = transaction.filter(|wanted| self.sighted.contains(wanted)) {
            return Ok(wanted.clone());
        }
        if let (Some(wanted), false) = (transaction, open.is_empty()) {
            let named = |session: &OpenSession| session.transaction_id.as_ref().is_none_or(|id| id == wanted);
            return match open.into_iter().any(named) {
                true => Ok(wanted.clone()),
                false => Err(Refusal::TransactionMismatch {
                    charge_point_id: charge_point_id(),
                    transaction_id: wanted.clone(),
                }),
            };
        }
        match newest_per_connector(&open).as_slice() {
            [] => Err(Refusal::NoActiveTransaction(charge_point_id())),
            [only] => {
                only.transaction_id.clone().ok_or_else(|| Refusal::TransactionIdPending(charge_point_id()))
            }
            _ => Err(Refusal::AmbiguousTransaction(charge_point_id())),
        }
    }

    fn status_of(&self, connector: ConnectorId) -> Option<ConnectorStatus> {
        self.connectors.iter().find(|(id, _)| *id == connector).map(|(_, status)| *status)
    }

    fn out_of_service(&self) -> bool {
        matches!(
            self.status_of(ConnectorId::WHOLE),
            Some(ConnectorStatus::Faulted | ConnectorStatus::Unavailable)
        )
    }

    fn no_such_connector(&self, connector_id: ConnectorId) -> Refusal {
        Refusal::NoSuchConnector { charge_point_id: self.charge_point_id.clone(), connector_id }
    }

    fn pile_not_available(&self) -> Refusal {
        Refusal::PileNotAvailable { charge_point_id: self.charge_point_id.clone(), status: self.status() }
    }
}

/// The newest of the `open` sessions on each connector, which is the one shown there: the stops of the others were lost. The ids of
/// sessions grow with time.
fn newest_per_connector<'a>(open: &[&'a OpenSession]) -> Vec<&'a OpenSession> {
    let is_newest = |session: &&&OpenSession| {
        open.iter().all(|other| other.connector_id != session.connector_id || other.id <= session.id)
    };
    open.iter().filter(is_newest).copied().collect()
}
