//! Checks whether a pile may be commanded, based on one snapshot of it.

#[cfg(test)]
mod tests;

use super::{CommandKind, Goal};
use crate::assets::StartableStatuses;
use crate::devices::presence::Confidence;
use crate::ids::{ChargePointId, CommandId, ConnectorId, GatewayId, PileId, SessionId, TransactionId};
use crate::status::{ConnectorStatus, PileStatus};
use chrono::{DateTime, Utc};

/// The state of a pile, as one query loaded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PileSnapshot {
    /// The pile.
    pub pile_id: PileId,
    /// The device of the pile.
    pub charge_point_id: ChargePointId,
    /// Whether the device is online; `None` if it was never heard.
    pub online: Option<bool>,
    /// How far `online` can be trusted.
    pub confidence: Confidence,
    /// The gateway through which the device was last heard; `None` if gateways gave no name.
    pub heard: Option<LastHeard>,
    /// The status of each connector that reported one.
    pub connectors: Vec<(ConnectorId, ConnectorStatus)>,
    /// Sessions within the caller's bound that have not ended.
    pub open_sessions: Vec<OpenSession>,
    /// Transactions that the connectors last named and that have not been stopped; without those of
    /// sessions outside the caller's bound.
    pub sighted: Vec<TransactionId>,
    /// Commanded starts that have not ended.
    pub starts_in_flight: Vec<StartInFlight>,
    /// The connector statuses in which charging may start at the station; `None` if the
    /// dispatcher's setting applies.
    pub startable: Option<StartableStatuses>,
}

/// When and through which gateway a device was last heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastHeard {
    /// The gateway.
    pub gateway_id: GatewayId,
    /// The time at which the event's record was appended or at which its effect was written,
    /// whichever is earlier. A clock that is ahead is not trusted, and the time that the event
    /// claims does not matter.
    pub at: DateTime<Utc>,
}

/// A commanded start that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartInFlight {
    /// The command; `None` if it is not shown to the caller, because it was for another pile.
    pub command_id: Option<CommandId>,
    /// The connector; `None` if the device chooses.
    pub connector_id: Option<ConnectorId>,
}

/// A session that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// The session id.
    pub id: SessionId,
    /// The connector.
    pub connector_id: ConnectorId,
    /// The transaction id; `None` until the gateway reports it.
    pub transaction_id: Option<TransactionId>,
}

/// Why a command is not sent. The message is suitable for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandRefusal {
    /// The device is not connected to a gateway.
    #[error("{0} is offline")]
    Offline(ChargePointId),
    /// The device is online, but its gateway is silent; refused by a setting.
    #[error("{0} may be offline: its gateway is silent")]
    Doubtful(ChargePointId),
    /// The device was never heard.
    #[error("{0} has never been heard from")]
    NeverHeard(ChargePointId),
    /// The pile as a whole cannot start charging.
    #[error("{charge_point_id} is {status}")]
    PileNotAvailable {
        /// The device.
        charge_point_id: ChargePointId,
        /// The status of the pile.
        status: PileStatus,
    },
    /// The connector cannot start charging.
    #[error("connector {connector_id} of {charge_point_id} is {status}")]
    ConnectorNotAvailable {
        /// The device.
        charge_point_id: ChargePointId,
        /// The connector.
        connector_id: ConnectorId,
        /// The status of the connector.
        status: ConnectorStatus,
    },
    /// The device never reported this connector.
    #[error("{charge_point_id} has no connector {connector_id}")]
    NoSuchConnector {
        /// The device.
        charge_point_id: ChargePointId,
        /// The requested connector.
        connector_id: ConnectorId,
    },
    /// Another start is in progress; its outcome must be awaited.
    #[error("{} of {charge_point_id} is already being started{}", connector_label(.connector_id.as_ref()), command_label(.command_id.as_ref()))]
    StartInFlight {
        /// The device.
        charge_point_id: ChargePointId,
        /// The requested connector; `None` for any.
        connector_id: Option<ConnectorId>,
        /// The command that starts it, if known.
        command_id: Option<CommandId>,
    },
    /// There is no session to stop.
    #[error("{0} has no open charging session")]
    NoActiveTransaction(ChargePointId),
    /// A session other than the requested one is open.
    #[error("transaction {transaction_id} is not open on {charge_point_id}")]
    TransactionMismatch {
        /// The device.
        charge_point_id: ChargePointId,
        /// The requested transaction.
        transaction_id: TransactionId,
    },
    /// More than one session matches.
    #[error("{0} has several open charging sessions: name a transactionId or a connectorId")]
    AmbiguousTransaction(ChargePointId),
    /// The requested session is not open on the device.
    #[error("session {session_id} is not open on {charge_point_id}")]
    SessionNotOpen {
        /// The device.
        charge_point_id: ChargePointId,
        /// The requested session.
        session_id: SessionId,
    },
}

/// What a stop ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopTarget {
    /// This transaction.
    Transaction(TransactionId),
    /// This session; the gateway has not reported its transaction id yet.
    Session(SessionId),
}

impl StopTarget {
    fn of(session: &OpenSession) -> Self {
        session.transaction_id.clone().map_or(Self::Session(session.id), Self::Transaction)
    }
}

fn connector_label(connector_id: Option<&ConnectorId>) -> String {
    connector_id.map_or_else(|| "a connector".to_owned(), |id| format!("connector {id}"))
}

fn command_label(command_id: Option<&CommandId>) -> String {
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

    /// Checks that the device is online, which every command requires.
    ///
    /// # Errors
    /// [`CommandRefusal::Offline`] or [`CommandRefusal::NeverHeard`].
    pub fn check_reachable(&self) -> Result<(), CommandRefusal> {
        match self.online {
            Some(true) => Ok(()),
            Some(false) => Err(CommandRefusal::Offline(self.charge_point_id.clone())),
            None => Err(CommandRefusal::NeverHeard(self.charge_point_id.clone())),
        }
    }

    /// Checks that the online state of the device is not doubtful.
    ///
    /// # Errors
    /// [`CommandRefusal::Doubtful`]
    pub fn check_trusted(&self) -> Result<(), CommandRefusal> {
        let is_doubtful = self.online == Some(true) && self.confidence == Confidence::Doubtful;
        if is_doubtful { Err(CommandRefusal::Doubtful(self.charge_point_id.clone())) } else { Ok(()) }
    }

    /// Checks that the device is online and has the connector, regardless of its state: the
    /// connector reported a status, or a session is open on it. Connector 0, the device as a whole,
    /// always exists.
    ///
    /// # Errors
    /// [`CommandRefusal::NoSuchConnector`], or the device is not online.
    pub fn check_connector(&self, connector_id: ConnectorId) -> Result<(), CommandRefusal> {
        self.check_reachable()?;
        let charges = |session: &OpenSession| session.connector_id == connector_id;
        let is_known = connector_id.is_whole()
            || self.status_of(connector_id).is_some()
            || self.open_sessions.iter().any(charges);
        if is_known { Ok(()) } else { Err(self.no_such_connector(connector_id)) }
    }

    /// Checks whether charging may start on `connector_id`, or on any connector if none is named.
    /// The pile as a whole must not be out of service. The connector must be in one of the
    /// startable statuses of its station, or of `startable` if the station defines none.
    ///
    /// # Errors
    /// The reason why no charge can start.
    pub fn check_start(
        &self,
        connector: Option<ConnectorId>,
        startable: &[ConnectorStatus],
    ) -> Result<(), CommandRefusal> {
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
        Err(CommandRefusal::ConnectorNotAvailable { charge_point_id, connector_id, status })
    }

    /// Allows one start at a time on a connector. A start that leaves the choice to the device may
    /// be on any connector.
    fn check_no_start_in_flight(&self, connector_id: Option<ConnectorId>) -> Result<(), CommandRefusal> {
        let meets = |start: &&StartInFlight| {
            start.connector_id.is_none() || connector_id.is_none() || start.connector_id == connector_id
        };
        self.starts_in_flight.iter().find(meets).map_or(Ok(()), |start| {
            Err(CommandRefusal::StartInFlight {
                charge_point_id: self.charge_point_id.clone(),
                connector_id,
                command_id: start.command_id,
            })
        })
    }

    /// The observable goal of a command of this kind.
    #[must_use]
    pub fn goal_of(&self, kind: &CommandKind) -> Option<Goal> {
        let session = match kind {
            CommandKind::StopTransaction { transaction_id } => self.session_named(transaction_id),
            _ => None,
        };
        kind.goal(session)
    }

    /// The open session of `transaction`: the one with this id, or the only one without an id.
    fn session_named(&self, transaction: &TransactionId) -> Option<SessionId> {
        let has_name = |session: &&OpenSession| session.transaction_id.as_ref() == Some(transaction);
        if let Some(named) = self.open_sessions.iter().find(has_name) {
            return Some(named.id);
        }
        let mut unnamed = self.open_sessions.iter().filter(|session| session.transaction_id.is_none());
        let first = unnamed.next()?;
        unnamed.next().is_none().then_some(first.id)
    }

    fn check_start_anywhere(&self, startable: &[ConnectorStatus]) -> Result<(), CommandRefusal> {
        let mut connectors = self.connectors.iter().filter(|(id, _)| !id.is_whole());
        if !self.out_of_service() && connectors.any(|(_, status)| startable.contains(status)) {
            return Ok(());
        }
        match self.status() {
            PileStatus::Reported(status) if startable.contains(&status) => Ok(()),
            _ => Err(self.pile_not_available()),
        }
    }

    /// What a stop of the session with id `session_id` ends.
    ///
    /// # Errors
    /// [`CommandRefusal::SessionNotOpen`], or the device is not online.
    pub fn check_stop_of_session(&self, session_id: SessionId) -> Result<StopTarget, CommandRefusal> {
        self.check_reachable()?;
        let open = self.open_sessions.iter().find(|session| session.id == session_id);
        let charge_point_id = || self.charge_point_id.clone();
        open.map(StopTarget::of)
            .ok_or_else(|| CommandRefusal::SessionNotOpen { charge_point_id: charge_point_id(), session_id })
    }

    /// What a stop ends: the named transaction, or the session on the named connector, or the only
    /// one.
    ///
    /// The transaction that the caller names is accepted if there is an open session whose id the
    /// gateway has not reported yet, or if the device itself has named it: the device refuses ids
    /// that it does not know.
    ///
    /// # Errors
    /// The reason why no transaction can be determined.
    pub fn check_stop(
        &self,
        transaction: Option<&TransactionId>,
        connector: Option<ConnectorId>,
    ) -> Result<StopTarget, CommandRefusal> {
        self.check_reachable()?;
        let on_connector = |session: &&OpenSession| connector.is_none_or(|id| session.connector_id == id);
        let open: Vec<_> = self.open_sessions.iter().filter(on_connector).collect();
        let charge_point_id = || self.charge_point_id.clone();
        if let Some(wanted) = transaction.filter(|wanted| self.sighted.contains(wanted)) {
            return Ok(StopTarget::Transaction(wanted.clone()));
        }
        if let (Some(wanted), false) = (transaction, open.is_empty()) {
            let named = |session: &OpenSession| session.transaction_id.as_ref().is_none_or(|id| id == wanted);
            return match open.into_iter().any(named) {
                true => Ok(StopTarget::Transaction(wanted.clone())),
                false => Err(CommandRefusal::TransactionMismatch {
                    charge_point_id: charge_point_id(),
                    transaction_id: wanted.clone(),
                }),
            };
        }
        match newest_per_connector(&open).as_slice() {
            [] => Err(CommandRefusal::NoActiveTransaction(charge_point_id())),
            [only] => Ok(StopTarget::of(only)),
            _ => Err(CommandRefusal::AmbiguousTransaction(charge_point_id())),
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

    fn no_such_connector(&self, connector_id: ConnectorId) -> CommandRefusal {
        CommandRefusal::NoSuchConnector { charge_point_id: self.charge_point_id.clone(), connector_id }
    }

    fn pile_not_available(&self) -> CommandRefusal {
        CommandRefusal::PileNotAvailable {
            charge_point_id: self.charge_point_id.clone(),
            status: self.status(),
        }
    }
}

/// The newest of the `open` sessions on each connector, which is the one shown there: the stops of
/// the others were lost. Session ids grow with time.
fn newest_per_connector<'a>(open: &[&'a OpenSession]) -> Vec<&'a OpenSession> {
    let is_newest = |session: &&&OpenSession| {
        open.iter().all(|other| other.connector_id != session.connector_id || other.id <= session.id)
    };
    open.iter().filter(is_newest).copied().collect()
}
